import { asJobRow, findGeneration, type PlannedImageRow } from '@pixgen/db';
import {
  AppError,
  DEADLINES,
  type GenerationView,
  isFinal,
  jobCan,
  notFound,
  type RetryInput,
  say,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { acceptJob, orStoredAnswer, RETRIED_SINCE, sharedReplay } from '../jobs/accept-job.ts';
import { cancelJob } from '../jobs/cancel-job.ts';
import { acceptedGenerationView, isGone } from './generation-view.ts';
import { getGeneration } from './read-generations.ts';
import { acceptedGeneration } from './start-generation.ts';

/** Cancels the generation's job; images that are already drawn stay. */
export async function cancelGeneration(deps: Deps, actor: Actor, input: { id: string }): Promise<GenerationView> {
  const read = async () => {
    const job = (await findGeneration(deps.db, actor.userId, input.id))?.jobs[0];
    return job ? asJobRow(job) : null;
  };
  const job = await read();
  if (!job) throw notFound('generation');
  await cancelJob(deps, job, read);
  return getGeneration(deps, actor, input);
}

/**
 * Draws again what is missing or failed, as a new job for the same order; finished images stay and cost nothing again.
 *
 * @param onlyJobId refuses unless this is the generation's newest job
 */
export async function retryGeneration(
  deps: Deps,
  actor: Actor,
  input: RetryInput,
  onlyJobId?: string,
): Promise<GenerationView> {
  const { userId } = actor;
  const call = { userId, procedure: 'generation.retry', idempotencyKey: input.idempotencyKey, body: input };
  const replay = sharedReplay(userId, (jobId) => acceptedGeneration(deps, actor, jobId));
  return orStoredAnswer(deps, call, replay, async () => {
    const row = await findGeneration(deps.db, userId, input.id);
    const job = row?.jobs[0];
    if (!row || !job) throw notFound('generation');
    if (onlyJobId !== undefined && job.id !== onlyJobId) throw new AppError('STATE_CONFLICT', RETRIED_SINCE);
    const planned = row.planned as PlannedImageRow[];
    const missing = planned.length - row.images.filter((image) => image.state === 'ready' || isGone(image)).length;
    assertRetry(asJobRow(job).state, missing);
    const answer = await acceptJob(deps, {
      ...call,
      kind: 'generate',
      orderId: row.id,
      modelId: row.modelId,
      retryOf: job.id,
      holdMicroUsd: missing * deps.config.prices.imageMicroUsd,
      deadlineMs: DEADLINES.generateJobMs,
      generation: null,
      training: null,
    });
    if (answer.outcome === 'replayed') return replay(answer.jobId);
    return acceptedGenerationView(row, planned, row.images, { id: answer.jobId, createdAt: answer.at });
  });
}

function assertRetry(state: Parameters<typeof jobCan.retry>[0]['state'], missing: number): void {
  // Deleted for good, all of them: a job with nothing to draw could only fail.
  if (missing === 0 && isFinal(state) && state !== 'succeeded')
    throw new AppError('STATE_CONFLICT', say`Nothing of this order is left to be drawn.`);
  const verdict = jobCan.retry({ state });
  // A generation that succeeded in part may be retried for the rest.
  if (!verdict.allowed && !(state === 'succeeded' && missing > 0)) throw new AppError('STATE_CONFLICT', verdict.reason);
}
