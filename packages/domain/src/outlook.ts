/** How long a job will still take, told from those that went before it on this installation. */
import { z } from 'zod';

/** A job that ended well; of a generation, `steps` are those of all its images together. */
export type PastRun = { waitMs: number; runMs: number; steps: number };
/** Where a job stands. `ranMs` is null until a GPU began; `step` is 0 before the first step. */
export type RunNow = { steps: number; waitedMs: number; ranMs: number | null; step: number };

/** With fewer there is no telling how far they spread. */
export const LEAST_PAST_RUNS = 3;

export const jobOutlook = z.object({
  /** Place in the queue, 1 for the next; null once it has left the queue. */
  queuePosition: z.int().nullable(),
  /** Half of the earlier ones would be done after `p50Ms`, nine of ten after `p90Ms`; null: nobody can tell. */
  timeLeft: z.object({ p50Ms: z.int(), p90Ms: z.int() }).nullable(),
  /** What this is told from: earlier trainings of the same base model and preset, or generations of the same base model. */
  basedOn: z.int(),
});
export type JobOutlook = z.infer<typeof jobOutlook>;

/**
 * Each earlier training is replayed on this one: its run scaled to this one's steps, less what is done already; its wait,
 * while this one still waits. The percentiles (nearest rank) are over those replays.
 *
 * @returns null with fewer than {@link LEAST_PAST_RUNS} earlier trainings
 */
export function estimateTimeLeft(past: readonly PastRun[], now: RunNow): JobOutlook['timeLeft'] {
  if (past.length < LEAST_PAST_RUNS) return null;
  const left = past
    .map(({ waitMs, runMs, steps }) => {
      const wholeMs = runMs * (now.steps / Math.max(1, steps));
      if (now.ranMs === null) return Math.max(0, waitMs - now.waitedMs) + wholeMs;
      if (now.step > 0) return wholeMs * Math.max(0, 1 - now.step / now.steps);
      return Math.max(0, wholeMs - now.ranMs);
    })
    .toSorted((a, b) => a - b);
  const percentile = (share: number) => Math.round(left[Math.ceil(share * left.length) - 1] ?? 0);
  return { p50Ms: percentile(0.5), p90Ms: percentile(0.9) };
}
