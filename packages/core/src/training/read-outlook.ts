import {
  asJobRow,
  findGeneration,
  findTraining,
  type JobRow,
  type PlannedImageRow,
  readJobAge,
  readPastDraws,
  readPastRuns,
} from '@pixgen/db';
import { estimateTimeLeft, isFinal, type JobOutlook, notFound, type PastRun, type TrainSettings } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { progressOf } from '../jobs/job-view.ts';

/**
 * The place in the queue and the time left of the caller's own training. When it has ended there is neither.
 *
 * @throws AppError NOT_FOUND
 */
export async function readOutlook(deps: Deps, actor: Actor, input: { id: string }): Promise<JobOutlook> {
  const row = await findTraining(deps.db, actor.userId, input.id);
  const job = row?.jobs[0] && asJobRow(row.jobs[0]);
  if (!row || !job) throw notFound('training');
  const { steps } = row.settings as TrainSettings;
  return tellOutlook(deps, job, await readPastRuns(deps.db, row), steps, () => lastStep(deps, job.id));
}

/**
 * The same of the caller's own generation, image by image: what is drawn already, and how far the next one is.
 *
 * @throws AppError NOT_FOUND
 */
export async function readDrawOutlook(deps: Deps, actor: Actor, input: { id: string }): Promise<JobOutlook> {
  const row = await findGeneration(deps.db, actor.userId, input.id);
  const job = row?.jobs[0] && asJobRow(row.jobs[0]);
  if (!row || !job) throw notFound('generation');
  const past = await readPastDraws(deps.db, row.weightsId);
  const images = (row.planned as PlannedImageRow[]).length;
  return tellOutlook(deps, job, past, images * row.steps, async () => {
    const live = (await progressOf(deps, [job])).get(job.id);
    const now = live?.attempt === job.attempt ? Math.min(live.step, row.steps) * Math.max(1, live.imageIds.length) : 0;
    return Math.min(images * row.steps, row.images.length * row.steps + now);
  });
}

async function tellOutlook(
  deps: Deps,
  job: JobRow,
  past: PastRun[],
  steps: number,
  readStep: () => Promise<number>,
): Promise<JobOutlook> {
  const nothing = { queuePosition: null, timeLeft: null, basedOn: past.length };
  if (isFinal(job.state)) return nothing;
  const age = await readJobAge(deps.db, job.id);
  if (!age) return nothing;
  const running = job.state === 'running';
  const now = {
    steps,
    waitedMs: age.waitedMs,
    ranMs: running ? age.ranMs : null,
    step: running ? await readStep() : 0,
  };
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
