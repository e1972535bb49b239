import { asJobRow, findTraining, readJobAge, readPastRuns } from '@pixgen/db';
import { estimateTimeLeft, isFinal, notFound, type TrainingOutlook, type TrainSettings } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';

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
  const age = await readJobAge(deps.db, job.id);
  if (!age) return nothing;
  const running = job.state === 'running';
  const step = running ? await lastStep(deps, job.id) : 0;
  const { steps } = row.settings as TrainSettings;
  const now = { steps, waitedMs: age.waitedMs, ranMs: running ? age.ranMs : null, step };
  return {
    queuePosition: job.state === 'queued' ? age.ahead + 1 : null,
    timeLeft: estimateTimeLeft(past, now),
    basedOn: past.length,
  };
}

/** The step of the newest loss: unlike progress it also holds while samples are drawn. Without Redis 0: nothing done yet. */
async function lastStep(deps: Deps, jobId: string): Promise<number> {
  const loss = await deps.live.readLoss(jobId).catch(() => []);
  return loss.at(-1)?.[0] ?? 0;
}
