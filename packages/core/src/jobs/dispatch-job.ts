import { touchWaiting } from '@pixgen/db';
import { DEADLINES, type JobKind, type Ticket } from '@pixgen/domain';
import { PermanentFault, TryLater } from '@pixgen/queue';
import type { Deps } from '../deps.ts';
import { type GpuBackend, GpuBackendError } from '../gpu/gpu-backend.ts';
import { endAttempt } from './end-attempt.ts';
import { ticketToken } from './gpu-secrets.ts';
import { move } from './next-move.ts';

/**
 * Hands one attempt to a GPU. Safe to run again after a crash at any line: the intent is a compare-and-set, the ticket is
 * the same each time, and of two calls that were submitted only one can claim.
 *
 * @throws TryLater while all GPUs are busy or their provider is away; other errors let the queue try again until `lastTry`
 */
export async function dispatchJob(
  deps: Deps,
  gpu: GpuBackend,
  task: { jobId: string; attempt: number },
  run: { lastTry: boolean; starts: number; suspect: boolean },
): Promise<void> {
  // Not published: tabs show a waiting job either way, and every message costs each of them.
  const moved = await deps.jobs.moveRepeatably(move(task.jobId, task.attempt, 'dispatching'));
  const kind = moved ? (moved.kind as JobKind) : await kindToSubmit(deps, task);
  if (kind === null) return;
  deps.passPoint('dispatch.afterIntent');
  // Its deadline must not end the attempt, and begin the next, before it was seen to kill again.
  if (run.suspect) await touchWaiting(deps.db.pool, task.jobId, task.attempt);
  const ticket: Ticket = {
    jobId: task.jobId,
    attempt: task.attempt,
    token: ticketToken(deps.config.ticketKey, task.jobId, task.attempt),
    claimUrl: new URL('/gpu/claim', deps.config.gpuApiUrl).href,
  };
  deps.passPoint('dispatch.beforeSubmit');
  const callId = await submit(deps, gpu, ticket, kind, run);
  deps.passPoint('dispatch.afterSubmit');
  if (callId !== null) deps.jobs.recordCall({ ...task, callId });
}

/**
 * Pause before a ticket is offered again: longer each time, up to four times as long, so that many waiting jobs do not
 * keep the provider busy with refusals; and each its own, so that they do not come together.
 */
export function busyDelayMs(firstMs: number, starts: number): number {
  const grownMs = firstMs * Math.min(1.5 ** (starts - 1), 4) * (1 + Math.random() / 2);
  return Math.min(Math.round(grownMs), DEADLINES.dispatchingMs / 2);
}

/** A repeated dispatch goes on only while the attempt waits for a call: an earlier run may have crashed before submit. */
async function kindToSubmit(deps: Deps, task: { jobId: string; attempt: number }): Promise<JobKind | null> {
  const fence = await deps.jobs.readFence(task.jobId);
  return fence?.state === 'dispatching' && fence.attempt === task.attempt && fence.claimedCallId === null
    ? fence.kind
    : null;
}

async function submit(
  deps: Deps,
  gpu: GpuBackend,
  ticket: Ticket,
  jobKind: JobKind,
  run: { lastTry: boolean; starts: number },
): Promise<string | null> {
  try {
    return (await gpu.submit(ticket, jobKind)).callId;
  } catch (error) {
    const kind = error instanceof GpuBackendError ? error.kind : 'unavailable';
    if (kind === 'throttled' || kind === 'paused') {
      // Waiting for a GPU or its provider is not a fault: the deadline of `dispatching` counts from the newest try.
      await touchWaiting(deps.db.pool, ticket.jobId, ticket.attempt);
      const afterMs = error instanceof GpuBackendError ? error.retryAfterMs : undefined;
      throw new TryLater(
        busyDelayMs(afterMs ?? 2_000, run.starts),
        kind === 'paused' ? 'the GPU provider does not answer' : 'every GPU is busy',
      );
    }
    if (kind === 'refused' || run.lastTry) {
      const cause = kind === 'refused' ? 'GPU_REFUSED' : 'DISPATCH_FAILED';
      await endAttempt(deps, { jobId: ticket.jobId, attempt: ticket.attempt, cause, retryable: kind !== 'refused' });
      throw new PermanentFault(`${cause}: ${error instanceof Error ? error.message : String(error)}`);
    }
    throw error;
  }
}
