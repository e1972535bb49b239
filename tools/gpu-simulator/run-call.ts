/** The life of a call: claim, work, terminal event, and whatever the faults make of it. */

import type { CallStatus, TerminalEvent } from '@pixgen/domain';
import { claimTicket } from './api.ts';
import { type Call, EndCall, Preempted, passPoint, pause, WorkFailure, type World } from './call.ts';
import { flushHeld, sendDurable } from './events.ts';
import { signingKey } from './sign.ts';
import { doWork, eventHead, gpuMsOf } from './work.ts';

/** Runs a call to its end and leaves the outcome in `call.status`. Never throws. */
export async function runCall(world: World, call: Call): Promise<void> {
  world.record.totals.calls++;
  for (;;) {
    const startedAt = performance.now();
    const outcome = await live(world, call).catch((error: unknown) => error);
    noteEnd(world, call, startedAt, outcome);
    if (outcome instanceof Preempted && !call.controller.signal.aborted) {
      call.claim = null;
      const ended = await Promise.resolve(pauseOrEnd(call, outcome.afterMs));
      if (!ended) continue;
    }
    call.status = statusOf(call, outcome);
    return;
  }
}

async function live(world: World, call: Call): Promise<CallStatus> {
  await pause(call, world.config.startMs);
  await passPoint(world, call, 'beforeClaim');
  const order = await claimTicket(world, call);
  const now = performance.now();
  const claim = {
    order,
    grantedAt: now,
    signingKey: signingKey(order.signingSecret),
    phase: 'loading' as const,
    lastBeatAt: now,
    lastProgressAt: Number.NEGATIVE_INFINITY,
    lastPreviewAt: Number.NEGATIVE_INFINITY,
    silent: false,
    held: [],
  };
  call.claim = claim;
  await passPoint(world, call, 'afterClaim');
  let result: TerminalEvent;
  try {
    result = await doWork(world, call, claim);
  } catch (error) {
    if (!(error instanceof WorkFailure)) throw error;
    const { code, retryable } = error;
    result = { type: 'failed', ...eventHead(order), gpuMs: gpuMsOf(claim), code, retryable };
  }
  try {
    await sendDurable(world, call, claim, result);
    await flushHeld(claim);
  } catch (error) {
    // The work is complete: its return value stands even when the API does not want to hear of it again.
    if (!(error instanceof EndCall && error.status.state === 'superseded')) throw error;
  }
  const { loseResult } = world.config;
  if (loseResult && call.random() < loseResult.probability) return { state: 'lost', reason: 'simulated: result lost' };
  return { state: 'finished', result };
}

function statusOf(call: Call, outcome: unknown): CallStatus {
  if (!(outcome instanceof Error)) return outcome as CallStatus;
  const { signal } = call.controller;
  if (signal.aborted && signal.reason instanceof EndCall) return signal.reason.status;
  if (outcome instanceof EndCall) return outcome.status;
  return { state: 'lost', reason: `simulator fault: ${outcome.message}`.slice(0, 200) };
}

async function pauseOrEnd(call: Call, ms: number): Promise<boolean> {
  try {
    await pause(call, ms);
    return false;
  } catch {
    return true;
  }
}

function noteEnd(world: World, call: Call, startedAt: number, outcome: unknown): void {
  const containerMs = performance.now() - startedAt;
  const gpuMs = call.claim ? performance.now() - call.claim.grantedAt : 0;
  world.record.totals.containerMs += containerMs;
  world.record.totals.gpuMs += gpuMs;
  world.record.add({
    kind: 'end',
    callId: call.id,
    jobId: call.ticket.jobId,
    attempt: call.ticket.attempt,
    state: outcome instanceof Preempted ? 'preempted' : statusOf(call, outcome).state,
    gpuMs: Math.round(gpuMs),
    containerMs: Math.round(containerMs),
  });
}
