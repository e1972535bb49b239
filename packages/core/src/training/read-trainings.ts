import { asJobRow, findTraining, listTrainingRows } from '@pixgen/db';
import { isFinal, notFound, type Page, type TrainingView } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { progressOf } from '../jobs/job-view.ts';
import { toPage } from '../page.ts';
import { toTrainingView } from './training-view.ts';

export async function getTraining(deps: Deps, actor: Actor, input: { id: string }): Promise<TrainingView> {
  const row = await findTraining(deps.db, actor.userId, input.id);
  const job = row?.jobs[0];
  if (!row || !job) throw notFound('training');
  const loss = isFinal(asJobRow(job).state)
    ? []
    : await deps.live.readLoss(job.id).catch((error: Error) => {
        deps.log.warn({ err: error }, 'no live loss without redis');
        return [];
      });
  return toTrainingView(row, await progressOf(deps, [asJobRow(job)]), loss);
}

export async function listTrainings(
  deps: Deps,
  actor: Actor,
  input: { cursor?: string | undefined; limit: number; modelId?: string | undefined },
): Promise<Page<TrainingView>> {
  const rows = await listTrainingRows(deps.db, actor.userId, {
    before: input.cursor ?? null,
    limit: input.limit + 1,
    modelId: input.modelId ?? null,
  });
  const progress = await progressOf(
    deps,
    rows.flatMap((row) => row.jobs.map(asJobRow)),
  );
  return toPage(rows, input.limit, (row) => toTrainingView(row, progress));
}
