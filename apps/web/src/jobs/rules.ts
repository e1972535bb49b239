/**
 * What a page asks about a job's state. The domain's table answers the same and brings the whole validator into the
 * browser (37 kB); `rules.test.ts` holds these to that table.
 */
import type { JobState } from '@pixgen/domain';

const LIVE: readonly JobState[] = ['queued', 'dispatching', 'running'];

/** True when nothing more will happen to the job. */
export function isOver(job: { state: JobState }): boolean {
  return !LIVE.includes(job.state);
}

/** True when the person may have the same work done again. */
export function mayRetry(job: { state: JobState }): boolean {
  return isOver(job) && job.state !== 'succeeded';
}
