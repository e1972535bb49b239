import { asJobRow, findGeneration, findGenerationOfJob, type GenerationRow, type PlannedImageRow } from '@pixgen/db';
import { AppError, DEADLINES, type GenerationView, jobCan, notFound, type RetryInput } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { acceptJob } from '../jobs/accept-job.ts';
import { cancelJob } from '../jobs/cancel-job.ts';
import { acceptedJobView } from '../jobs/job-view.ts';
import { toGenerationView } from './generation-view.ts';
import { getGeneration } from './read-generations.ts';

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

/** Draws again what is missing or failed, as a new job for the same order; finished images stay and cost nothing again. */
export async function retryGeneration(deps: Deps, actor: Actor, input: RetryInput): Promise<GenerationView> {
  const row = await findGeneration(deps.db, actor.userId, input.id);
  const job = row?.jobs[0];
  if (!row || !job) throw notFound('generation');
  const missing =
    (row.planned as PlannedImageRow[]).length - row.images.filter((image) => image.state === 'ready').length;
  const answer = await acceptJob(deps, {
    userId: actor.userId,
    procedure: 'generation.retry',
    idempotencyKey: input.idempotencyKey,
    body: input,
    kind: 'generate',
    orderId: row.id,
    modelId: row.modelId,
    retryOf: job.id,
    holdMicroUsd: missing * deps.config.prices.imageMicroUsd,
    deadlineMs: DEADLINES.generateJobMs,
    generation: null,
    training: null,
    guard: () => assertRetry(asJobRow(job).state, missing),
  });
  const current = answer.outcome === 'replayed' ? await findGenerationOfJob(deps.db, actor.userId, answer.jobId) : row;
  if (!current) throw notFound('generation');
  return withAcceptedJob(current, answer.jobId, answer.outcome === 'accepted' ? answer.at : current.createdAt);
}

function assertRetry(state: Parameters<typeof jobCan.retry>[0]['state'], missing: number): void {
  const verdict = jobCan.retry({ state });
  // A generation that succeeded in part may be retried for the rest.
  if (!verdict.allowed && !(state === 'succeeded' && missing > 0)) throw new AppError('STATE_CONFLICT', verdict.reason);
}

function withAcceptedJob(row: GenerationRow, jobId: string, at: Date): GenerationView {
  return {
    ...toGenerationView(row, new Map()),
    job: acceptedJobView({ id: jobId, kind: 'generate', orderId: row.id, createdAt: at.toISOString() }),
  };
}
