/** What becomes of a job when an attempt ends. Pure: apply step and reconciler decide alike. */

import type { JobMove } from '@pixgen/db';
import { type JobState, MAX_ATTEMPTS, newId } from '@pixgen/domain';

export type EndedAttempt = {
  jobId: string;
  attempt: number;
  cause: string;
  /** Another attempt may help. */
  retryable: boolean;
  holdMicroUsd: number;
  /** Of a generation: what this job drew and was to draw; 0 and 0 for a training. */
  readyImages: number;
  plannedImages: number;
};

/** Pause before attempt n + 1: 2 s, 4 s, … plus up to half, so that a recovering provider is not stampeded. */
export function attemptDelayMs(attempt: number): number {
  return Math.round(1_000 * 2 ** attempt * (1 + Math.random() / 2));
}

/** What a GPU says of an object store that it cannot reach. An outage of a minute or two must not use up all attempts. */
const STORE_AWAY = new Set(['DOWNLOAD_FAILED', 'UPLOAD_FAILED']);
const STORE_BACK_MS = 30_000;

/** Of an attempt that ended for this cause: after trouble with the store 30 s, then 2 min, with up to half as much again. */
function delayAfterMs(cause: string, attempt: number): number {
  if (!STORE_AWAY.has(cause)) return attemptDelayMs(attempt);
  return Math.round(STORE_BACK_MS * 4 ** (attempt - 1) * (1 + Math.random() / 2));
}

/** A move with fresh ids. */
export function move(
  jobId: string,
  attempt: number,
  to: JobState,
  rest: Partial<Pick<JobMove, 'cause' | 'costMicroUsd' | 'delayMs'>> = {},
): JobMove {
  return {
    jobId,
    attempt,
    to,
    cause: null,
    costMicroUsd: 0,
    delayMs: 0,
    ...rest,
    ids: { dispatch: newId(), cancel: newId(), settle: newId(), release: newId() },
  };
}

/** The share of a job's hold that the images it finished cost. */
export function imageCostMicroUsd(holdMicroUsd: number, readyImages: number, plannedImages: number): number {
  return plannedImages === 0 ? 0 : Math.floor((holdMicroUsd * readyImages) / plannedImages);
}

/**
 * What a training costs: the price, and after an early stop the share of it that the steps which were done have of those
 * that were ordered, rounded down to a micro-USD. The rest of the hold is released.
 *
 * @param stoppableSteps the steps that were ordered; null for a training that may not stop early, which costs its price
 *   whatever the host says of its steps
 */
export function trainingCostMicroUsd(holdMicroUsd: number, doneSteps: number, stoppableSteps: number | null): number {
  if (stoppableSteps === null || doneSteps >= stoppableSteps) return holdMicroUsd;
  // Whole numbers of any size: the product may be above what a double holds exactly.
  return Number((BigInt(holdMicroUsd) * BigInt(doneSteps)) / BigInt(stoppableSteps));
}

/**
 * An attempt ended badly: the next one when that may help, else the end. A generation that has at least one image ends
 * well and is settled for what it has.
 */
export function afterFailure(ended: EndedAttempt): JobMove {
  if (ended.retryable && ended.attempt < MAX_ATTEMPTS) {
    return move(ended.jobId, ended.attempt, 'queued', {
      cause: ended.cause,
      delayMs: delayAfterMs(ended.cause, ended.attempt),
    });
  }
  const costMicroUsd = imageCostMicroUsd(ended.holdMicroUsd, ended.readyImages, ended.plannedImages);
  return move(ended.jobId, ended.attempt, ended.readyImages > 0 ? 'succeeded' : 'failed', {
    cause: ended.cause,
    costMicroUsd,
  });
}
