import { readLiveJobs } from '@pixgen/db';
import type { Deps } from '../deps.ts';
import { afterFailure } from './next-move.ts';
import { publishHistory } from './publish.ts';

/** Ends an attempt that went wrong: the next one when that may help, else the job. A no-op when the job moved on. */
export async function endAttempt(
  deps: Deps,
  ended: { jobId: string; attempt: number; cause: string; retryable: boolean },
): Promise<void> {
  const [job] = await readLiveJobs(deps.db.pool, [ended.jobId]);
  if (job?.attempt !== ended.attempt) return;
  const moved = await deps.jobs.move(afterFailure({ ...job, ...ended }));
  if (!moved) return;
  deps.log.info(
    { jobId: ended.jobId, attempt: ended.attempt, cause: ended.cause, became: moved.type },
    'attempt ended',
  );
  await publishHistory(deps, [moved]);
}
