/** The provider's book of calls: submit, status, cancel, each with the answer HTTP gives. */
import { randomUUID } from 'node:crypto';
import { type CallStatus, type Ticket, ticket } from '@pixgen/domain';
import { type Call, EndCall, type World } from './call.ts';
import { sendLossy } from './events.ts';
import { seededRandom } from './faults.ts';
import { isInside } from './inside.ts';
import { runCall } from './run-call.ts';
import { eventHead } from './work.ts';

/** `null` stands for no answer at all. */
export type Reply = { status: number; body: unknown; retryAfterSeconds?: number } | null;

export type Calls = ReturnType<typeof createCalls>;

export function createCalls(world: World) {
  const live = new Map<string, Call>();
  const ended = new Map<string, CallStatus>();
  let submits = 0;

  function submit(body: unknown): Reply {
    world.record.totals.submits++;
    submits++;
    const parsed = ticket.safeParse(body);
    if (!parsed.success) return { status: 400, body: { code: 'INVALID_TICKET' } };
    const { jobId, attempt, claimUrl } = parsed.data;
    const answer = isInside(claimUrl, world.apiBase) ? drawAnswer() : 'outside';
    const runs = answer === 'accepted' || answer === 'acceptThenError' || answer === 'acceptThenHang';
    const callId = runs ? start(parsed.data) : null;
    world.record.add({ kind: 'submit', callId, jobId, attempt, answer });
    switch (answer) {
      case 'accepted':
        return { status: 202, body: { callId } };
      case 'busy':
        return { status: 429, body: { code: 'BUSY' }, retryAfterSeconds: 1 };
      case 'outside':
        return { status: 400, body: { code: 'CLAIM_URL_OUTSIDE' } };
      case 'refuse':
        return { status: 400, body: { code: 'SIMULATED' } };
      case 'error':
      case 'acceptThenError':
        return { status: 500, body: { code: 'SIMULATED' } };
      case 'hang':
      case 'acceptThenHang':
        return null;
    }
  }

  function drawAnswer() {
    const { seed, capacity, submitFaults } = world.config;
    if (capacity !== null && live.size >= capacity) return 'busy';
    const random = seededRandom(seed ^ 0x5bd1e995, submits);
    return submitFaults.find((rule) => random() < rule.probability)?.answer ?? 'accepted';
  }

  function start(accepted: Ticket): string {
    const call: Call = {
      id: `sim_${randomUUID()}`,
      ticket: accepted,
      random: seededRandom(world.config.seed, submits * 2),
      lossyRandom: seededRandom(world.config.seed, submits * 2 + 1),
      controller: new AbortController(),
      strikes: new Map(),
      status: { state: 'pending' },
      claim: null,
    };
    live.set(call.id, call);
    void runCall(world, call).then(() => {
      live.delete(call.id);
      ended.set(call.id, call.status);
      const oldest = ended.keys().next().value;
      if (ended.size > world.config.keepEnded && oldest !== undefined) ended.delete(oldest);
    });
    return call.id;
  }

  function status(callId: string): Reply {
    const known = live.get(callId)?.status ?? ended.get(callId);
    return known ? { status: 200, body: known } : { status: 404, body: { code: 'UNKNOWN_CALL' } };
  }

  function cancel(callId: string): Reply {
    const call = live.get(callId);
    if (call) {
      world.record.add({ kind: 'cancel', callId, jobId: call.ticket.jobId });
      call.status = { state: 'cancelled' };
      call.controller.abort(new EndCall({ state: 'cancelled' }));
    } else if (!ended.has(callId)) return { status: 404, body: { code: 'UNKNOWN_CALL' } };
    return { status: 202, body: {} };
  }

  /** Sends the heartbeats that are due: one shared clock for all calls, none of its own per call. */
  function beat(): void {
    const dueBefore = performance.now() - world.config.heartbeatMs;
    for (const call of live.values()) {
      const { claim } = call;
      if (!claim || claim.lastBeatAt > dueBefore) continue;
      sendLossy(world, call, claim, { type: 'heartbeat', ...eventHead(claim.order), phase: claim.phase });
    }
  }

  /** Ends every call at once, as if the machine had been switched off. */
  function switchOff(): void {
    for (const call of live.values()) call.controller.abort(new EndCall({ state: 'lost', reason: 'switched off' }));
  }

  return { submit, status, cancel, beat, switchOff, count: () => live.size };
}
