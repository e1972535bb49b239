import { asJobRow, countReadyPhotos, findTraining, findTrainingOfJob } from '@pixgen/db';
import { AppError, DEADLINES, jobCan, notFound, type RetryInput, type TrainingView } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { acceptJob } from '../jobs/accept-job.ts';
import { cancelJob } from '../jobs/cancel-job.ts';
import { getTraining } from './read-trainings.ts';
import { acceptedTrainingView } from './training-view.ts';

/** Cancels the training's job; earlier weights of the model stay. */
export async function cancelTraining(deps: Deps, actor: Actor, input: { id: string }): Promise<TrainingView> {
  const read = async () => {
    const job = (await findTraining(deps.db, actor.userId, input.id))?.jobs[0];
    return job ? asJobRow(job) : null;
  };
  const job = await read();
  if (!job) throw notFound('training');
  await cancelJob(deps, job, read);
  return getTraining(deps, actor, input);
}

/** Runs a training that ended badly again, with the same photos and settings, as a new job. */
export async function retryTraining(deps: Deps, actor: Actor, input: RetryInput): Promise<TrainingView> {
  const row = await findTraining(deps.db, actor.userId, input.id);
  const job = row?.jobs[0];
  if (!row || !job) throw notFound('training');
  const readyPhotos = await countReadyPhotos(deps.db, row.photoIds);
  const answer = await acceptJob(deps, {
    userId: actor.userId,
    procedure: 'training.retry',
    idempotencyKey: input.idempotencyKey,
    body: input,
    kind: 'train',
    orderId: row.id,
    modelId: row.modelId,
    retryOf: job.id,
    holdMicroUsd: deps.config.prices.trainMicroUsd,
    deadlineMs: DEADLINES.trainJobMs,
    generation: null,
    training: null,
    guard: () => {
      const verdict = jobCan.retry(asJobRow(job));
      if (!verdict.allowed) throw new AppError('STATE_CONFLICT', verdict.reason);
      if (readyPhotos < row.photoIds.length) {
        throw new AppError('STATE_CONFLICT', 'Some photos of this training are gone. Start a new training instead.');
      }
    },
  });
  const current = answer.outcome === 'replayed' ? await findTrainingOfJob(deps.db, actor.userId, answer.jobId) : row;
  if (!current) throw notFound('training');
  return acceptedTrainingView(current, answer.jobId);
}
