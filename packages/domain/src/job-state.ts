/** The job's state machine: the one table that button, router and worker read. */

import { z } from 'zod';
import { type Sentence, say } from './sentence.ts';

export const jobState = z.enum(['queued', 'dispatching', 'running', 'succeeded', 'failed', 'cancelled', 'expired']);
export type JobState = z.infer<typeof jobState>;
export const jobKind = z.enum(['train', 'generate']);
export type JobKind = z.infer<typeof jobKind>;

/** Legal moves. `dispatching | running → queued` starts the next attempt; final states have none: they absorb. */
export const TRANSITIONS: Record<JobState, readonly JobState[]> = {
  queued: ['dispatching', 'cancelled', 'failed', 'expired'],
  dispatching: ['running', 'queued', 'succeeded', 'failed', 'cancelled', 'expired'],
  running: ['queued', 'succeeded', 'failed', 'cancelled', 'expired'],
  succeeded: [],
  failed: [],
  cancelled: [],
  expired: [],
};

export const LIVE_STATES = ['queued', 'dispatching', 'running'] as const satisfies readonly JobState[];
export const FINAL_STATES = ['succeeded', 'failed', 'cancelled', 'expired'] as const satisfies readonly JobState[];

/** True when the table allows the move. */
export function canMove(from: JobState, to: JobState): boolean {
  return TRANSITIONS[from].includes(to);
}

export function isFinal(state: JobState): boolean {
  return TRANSITIONS[state].length === 0;
}

/** An answer a button can show: allowed, or the reason why not. */
export type Verdict = { allowed: true } | { allowed: false; reason: Sentence };
const ALLOWED: Verdict = { allowed: true };

const ENDED: Partial<Record<JobState, Sentence>> = {
  succeeded: say`succeeded`,
  failed: say`failed`,
  cancelled: say`cancelled`,
  expired: say`expired`,
};

/** What a person may do with a job in its state. */
export const jobCan = {
  cancel(job: { state: JobState }): Verdict {
    const ended = ENDED[job.state];
    return ended ? { allowed: false, reason: say`This job has already ended (${ended}).` } : ALLOWED;
  },
  retry(job: { state: JobState }): Verdict {
    if (job.state === 'succeeded') return { allowed: false, reason: say`This job succeeded; start a new one instead.` };
    return isFinal(job.state) ? ALLOWED : { allowed: false, reason: say`This job is still working; cancel it first.` };
  },
};

/** Attempts per job; each may be claimed {@link MAX_CLAIMS} times (pre-emptions restart the same call). */
export const MAX_ATTEMPTS = 3;
export const MAX_CLAIMS = 3;

/**
 * How long a job may stay in each live state before the reconciler acts, and the whole job before it expires.
 * `runningMs` is the longest silence, not the longest run.
 */
export const DEADLINES = {
  queuedMs: 60_000,
  dispatchingMs: 60_000,
  /** A submitted call that nobody claims (GPU queue, cold start). */
  unclaimedMs: 15 * 60_000,
  heartbeatMs: 15_000,
  /** The provider says "pending" but nothing is heard: the attempt ends. */
  silentMs: 3 * 60_000,
  trainJobMs: 4 * 3_600_000,
  generateJobMs: 60 * 60_000,
} as const;
