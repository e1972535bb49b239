import { asJobRow, countReadyPhotos, findTraining } from '@pixgen/db';
import { AppError, DEADLINES, jobCan, notFound, type RetryInput, say, type TrainingView } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { acceptJob, orStoredAnswer, RETRIED_SINCE, sharedReplay } from '../jobs/accept-job.ts';
import { cancelJob } from '../jobs/cancel-job.ts';
import { ownModel } from '../models/own-model.ts';
import { assertNoMinor } from '../models/write-model.ts';
import { getTraining } from './read-trainings.ts';
import { acceptedTraining } from './start-training.ts';
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

/**
 * Runs a training that ended badly again, with the same photos and settings, as a new job.
 *
 * @param onlyJobId refuses unless this is the training's newest job
 */
export async function retryTraining(
  deps: Deps,
  actor: Actor,
  input: RetryInput,
  onlyJobId?: string,
): Promise<TrainingView> {
  const { userId } = actor;
  const call = { userId, procedure: 'training.retry', idempotencyKey: input.idempotencyKey, body: input };
  const replay = sharedReplay(userId, (jobId) => acceptedTraining(deps, actor, jobId));
  return orStoredAnswer(deps, call, replay, async () => {
    const row = await findTraining(deps.db, userId, input.id);
    const job = row?.jobs[0];
    if (!row || !job) throw notFound('training');
    if (onlyJobId !== undefined && job.id !== onlyJobId) throw new AppError('STATE_CONFLICT', RETRIED_SINCE);
    // Ordered before such subjects were refused.
    assertNoMinor((await ownModel(deps, actor, row.modelId)).classWord);
    const verdict = jobCan.retry(asJobRow(job));
    if (!verdict.allowed) throw new AppError('STATE_CONFLICT', verdict.reason);
    if ((await countReadyPhotos(deps.db, row.photoIds)) < row.photoIds.length) {
      throw new AppError('STATE_CONFLICT', say`Some photos of this training are gone. Start a new training instead.`);
    }
    const answer = await acceptJob(deps, {
      ...call,
      kind: 'train',
      orderId: row.id,
      modelId: row.modelId,
      retryOf: job.id,
      holdMicroUsd: deps.config.prices.trainMicroUsd,
      deadlineMs: DEADLINES.trainJobMs,
      generation: null,
      training: null,
    });
    if (answer.outcome === 'replayed') return replay(answer.jobId);
    return acceptedTrainingView(row, { id: answer.jobId, createdAt: answer.at });
  });
}
