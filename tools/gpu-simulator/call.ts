/** One call as a GPU provider knows it, and the ways its life can end. */
import type { KeyObject } from 'node:crypto';
import type { CallStatus, GpuFailureCode, GpuPhase, Ticket, WorkOrder } from '@pixgen/domain';
import type { CrashPoint, CrashRule, SimulatorConfig } from './faults.ts';
import type { HttpClient } from './http-client.ts';
import type { Recorder } from './record.ts';

/** What every part of the simulator shares. `config` is replaced as a whole by `POST /control`. */
export type World = { config: SimulatorConfig; apiBase: string; http: HttpClient; record: Recorder };

export type Call = {
  readonly id: string;
  readonly ticket: Ticket;
  /** For durable events and crash points: its draws do not depend on time, so a seed replays. */
  readonly random: () => number;
  /** For heartbeats and progress, whose number depends on time. */
  readonly lossyRandom: () => number;
  /** Aborted with the {@link EndCall} that says how the call ended from outside. */
  readonly controller: AbortController;
  readonly strikes: Map<CrashRule, number>;
  status: CallStatus;
  /** Null until the ticket is claimed, and again while a pre-empted call waits for its next life. */
  claim: Claim | null;
};

/** One granted claim; a pre-empted call has several, one after another. */
export type Claim = {
  readonly order: WorkOrder;
  /** `performance.now()` of the grant. */
  readonly grantedAt: number;
  readonly signingKey: KeyObject;
  phase: GpuPhase;
  lastBeatAt: number;
  lastProgressAt: number;
  lastPreviewAt: number;
  /** Says nothing more, as a hung machine. */
  silent: boolean;
  /** Deliveries held back until the event after them was sent. */
  readonly held: (() => Promise<void>)[];
};

/** The call ends now, with this status and no event. */
export class EndCall extends Error {
  readonly status: CallStatus;
  constructor(status: CallStatus) {
    super(status.state);
    this.status = status;
  }
}

/** The provider takes the machine away; the same call starts again. */
export class Preempted extends Error {
  readonly afterMs: number;
  constructor(afterMs: number) {
    super('pre-empted');
    this.afterMs = afterMs;
  }
}

/** The work failed in a way that is reported. */
export class WorkFailure extends Error {
  readonly code: GpuFailureCode;
  readonly retryable: boolean;
  constructor(code: GpuFailureCode, retryable: boolean) {
    super(code);
    this.code = code;
    this.retryable = retryable;
  }
}

/** Waits, or throws the call's end when it comes first. No timer for 0 ms. */
export function pause(call: Call, ms: number): Promise<void> | undefined {
  const { signal } = call.controller;
  if (ms <= 0) {
    signal.throwIfAborted();
    return undefined;
  }
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Runs the crash rules of one point. Returns at once where no rule strikes. */
export function passPoint(world: World, call: Call, point: CrashPoint): Promise<void> | undefined {
  call.controller.signal.throwIfAborted();
  for (const rule of world.config.crashes) {
    const strikes = call.strikes.get(rule) ?? 0;
    if (rule.kind !== null && call.claim?.order.kind !== rule.kind) continue;
    if (rule.at !== point || strikes >= rule.times || call.random() >= rule.probability) continue;
    call.strikes.set(rule, strikes + 1);
    world.record.add({ kind: 'crash', callId: call.id, jobId: call.ticket.jobId, point, effect: rule.effect });
    if (rule.effect === 'lost') throw new EndCall({ state: 'lost', reason: `simulated crash ${point}` });
    if (rule.effect === 'restart') throw new Preempted(rule.restartAfterMs);
    if (rule.effect === 'silent' && call.claim) call.claim.silent = true;
    return untilEnded(call);
  }
  return undefined;
}

function untilEnded(call: Call): Promise<never> {
  const { signal } = call.controller;
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
