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
 * An attempt ended badly: the next one when that may help, else the end. A generation that has at least one image ends
 * well and is settled for what it has.
 */
export function afterFailure(ended: EndedAttempt): JobMove {
  if (ended.retryable && ended.attempt < MAX_ATTEMPTS) {
    return move(ended.jobId, ended.attempt, 'queued', { cause: ended.cause, delayMs: attemptDelayMs(ended.attempt) });
  }
  const costMicroUsd = imageCostMicroUsd(ended.holdMicroUsd, ended.readyImages, ended.plannedImages);
  return move(ended.jobId, ended.attempt, ended.readyImages > 0 ? 'succeeded' : 'failed', {
    cause: ended.cause,
    costMicroUsd,
  });
}
