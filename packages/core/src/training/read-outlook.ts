import { asJobRow, findTraining, readJobAge, readPastRuns } from '@pixgen/db';
import { estimateTimeLeft, isFinal, notFound, type TrainingOutlook, type TrainSettings } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { progressOf } from '../jobs/job-view.ts';

/**
 * The place in the queue and the time left of the caller's own training. When it has ended there is neither.
 *
 * @throws AppError NOT_FOUND
 */
export async function readOutlook(deps: Deps, actor: Actor, input: { id: string }): Promise<TrainingOutlook> {
  const row = await findTraining(deps.db, actor.userId, input.id);
  const job = row?.jobs[0] && asJobRow(row.jobs[0]);
  if (!row || !job) throw notFound('training');
  const past = await readPastRuns(deps.db, row);
  const nothing = { queuePosition: null, timeLeft: null, basedOn: past.length };
  if (isFinal(job.state)) return nothing;
  const [age, progress] = await Promise.all([readJobAge(deps.db, job.id), progressOf(deps, [job])]);
  if (!age) return nothing;
  const heard = progress.get(job.id);
  const step = heard?.attempt === job.attempt ? heard.step : 0;
  const { steps } = row.settings as TrainSettings;
  // An attempt that waits for its GPU begins anew: what earlier ones did shows in their checkpoint's step.
  const ranMs = job.state === 'running' ? age.ranMs : null;
  return {
    queuePosition: job.state === 'queued' ? age.ahead + 1 : null,
    timeLeft: estimateTimeLeft(past, {
      steps,
      waitedMs: age.waitedMs,
      ranMs,
      step: job.state === 'running' ? step : 0,
    }),
    basedOn: past.length,
  };
}
