/** The apply step: stored events become results. Whatever arrives twice, late or out of order changes nothing twice. */
import {
  applyEffects,
  createBatcher,
  type JobEffects,
  type LockedJob,
  type NewImage,
  type PendingEvent,
  readPendingEvents,
} from '@pixgen/db';
import {
  type FailedEvent,
  type ImageEvent,
  isFinal,
  newId,
  type StoredObject,
  type SucceededEvent,
} from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { Deps } from '../deps.ts';
import { afterFailure, imageCostMicroUsd, move } from './next-move.ts';
import { publishHistory, wakeRelay } from './publish.ts';
import { verifyObject } from './verify-object.ts';

type ImageResult = ImageEvent['result'];

/** The apply step of this process: tasks that wait at once share a transaction. */
export function createEventApplier(deps: Deps): (eventIds: string[]) => Promise<void> {
  return createBatcher<string[], void>(
    async (tasks) => {
      await applyEvents(deps, tasks.flat());
      return tasks.map(() => undefined);
    },
    // A batch waits for its slowest look at the store, and a training's weights may have to be read whole: others go on.
    { maxBatch: 50, maxInFlight: 4 },
  );
}

/**
 * Applies a batch of inbox rows in one transaction.
 *
 * @throws AppError UNAVAILABLE when the store or the database cannot be reached; the queue tries again
 */
export async function applyEvents(deps: Deps, eventIds: string[]): Promise<void> {
  const pending = await readPendingEvents(deps.db.pool, eventIds);
  if (pending.length === 0) return;
  const sound = await findSoundObjects(deps, pending);
  const jobIds = [...new Set(pending.map(({ job }) => job.id))].toSorted();
  const inboxIds = pending.map(({ id }) => id);
  const lines = await applyEffects(deps.db.pool, jobIds, inboxIds, (locked) =>
    jobIds.flatMap((jobId) => {
      const job = locked.get(jobId);
      return job
        ? [
            decide(
              job,
              pending.filter((entry) => entry.job.id === jobId),
              sound,
            ),
          ]
        : [];
    }),
  );
  await publishHistory(deps, lines);
  if (lines.some((line) => line.type === 'attempt-ended')) await wakeRelay(deps);
}

/** Objects that events name and that are there as announced: right place, length and checksum. */
async function findSoundObjects(deps: Deps, pending: PendingEvent[]): Promise<Set<string>> {
  const objects = pending.flatMap(({ job, event }) => {
    // Attempt and epoch stand in the key: a claim can only ever name what it was allowed to write.
    const prefix = keys.gpuObject({
      userId: job.userId,
      jobId: job.id,
      attempt: event.attempt,
      claimEpoch: event.claimEpoch,
      name: '',
    });
    return objectsOf(event, job.readyImageIds).filter((object) => object.key.startsWith(prefix));
  });
  const unique = new Map(objects.map((object) => [object.key, object]));
  const sound = await Promise.all(
    [...unique.values()].map(async (object) => ((await verifyObject(deps, object)) ? [object.key] : [])),
  );
  return new Set(sound.flat());
}

/** Those of images that are ready already were checked when they came. */
function objectsOf(event: PendingEvent['event'], readyImageIds: string[]): StoredObject[] {
  const drawn = (result: ImageResult): StoredObject[] => (result.status === 'succeeded' ? [result] : []);
  switch (event.type) {
    case 'image':
      return drawn(event.result);
    case 'checkpoint':
      return [event.object];
    case 'succeeded':
      if (event.training) return [event.training.weights];
      return event.images.flatMap(({ imageId, result }) => (readyImageIds.includes(imageId) ? [] : drawn(result)));
    case 'failed':
      return [];
  }
}

/** What a job's events do to it as it stands now, with its row locked. Pure. */
function decide(job: LockedJob, entries: PendingEvent[], sound: Set<string>): JobEffects {
  const effects: JobEffects = { images: [], weights: [], checkpoint: null, lossHistory: null, move: null };
  const images = new Map<string, NewImage>();
  const ready = new Set(job.readyImageIds);
  for (const { event, job: known } of entries) {
    const stale = isFinal(job.state) || event.attempt !== job.attempt || event.claimEpoch !== job.claimEpoch;
    // After the terminal event of a batch nothing else of it counts.
    if (stale || effects.move) continue;
    const draw = (imageId: string, result: ImageResult): void => {
      const image = newImage(known, imageId, result, sound);
      if (!image || ready.has(imageId)) return;
      images.set(imageId, image);
      if (image.state === 'ready') ready.add(imageId);
    };
    const fail = (end: Pick<FailedEvent, 'code' | 'retryable'> | { code: string; retryable: boolean }): void => {
      effects.move = afterFailure({
        jobId: job.id,
        attempt: job.attempt,
        cause: end.code,
        retryable: end.retryable,
        holdMicroUsd: job.holdMicroUsd,
        readyImages: ready.size - known.readyBefore,
        plannedImages: job.planned - known.readyBefore,
      });
    };
    if (event.type === 'image') draw(event.imageId, event.result);
    else if (event.type === 'checkpoint') {
      const { key, sizeBytes, sha256 } = event.object;
      if (sound.has(key)) effects.checkpoint = { jobId: job.id, value: { key, sizeBytes, sha256, step: event.step } };
    } else if (event.type === 'failed') fail(event);
    else if (job.kind === 'generate') {
      for (const { imageId, result } of event.images) draw(imageId, result);
      finishGeneration(job, event, ready.size - known.readyBefore, job.planned - known.readyBefore, effects, fail);
    } else finishTraining(job, known, event, sound, effects, fail);
  }
  effects.images = [...images.values()];
  return effects;
}

function finishGeneration(
  job: LockedJob,
  event: SucceededEvent,
  ready: number,
  planned: number,
  effects: JobEffects,
  fail: (end: { code: string; retryable: boolean }) => void,
): void {
  if (ready === 0) {
    const failed = event.images.find((image) => image.result.status === 'failed')?.result;
    fail({ code: failed?.status === 'failed' ? failed.code : 'RESULT_INVALID', retryable: false });
    return;
  }
  effects.move = move(job.id, job.attempt, 'succeeded', {
    costMicroUsd: imageCostMicroUsd(job.holdMicroUsd, ready, planned),
  });
}

function finishTraining(
  job: LockedJob,
  known: PendingEvent['job'],
  event: SucceededEvent,
  sound: Set<string>,
  effects: JobEffects,
  fail: (end: { code: string; retryable: boolean }) => void,
): void {
  const { training } = event;
  if (!training || !sound.has(training.weights.key)) {
    fail({ code: 'RESULT_INVALID', retryable: true });
    return;
  }
  const { key, sizeBytes, sha256 } = training.weights;
  effects.weights.push({
    id: newId(),
    userId: known.userId,
    modelId: known.modelId,
    trainingId: known.orderId,
    step: training.steps,
    final: true,
    storageKey: key,
    sizeBytes,
    sha256,
    profile: known.profile ?? 'sdxl',
  });
  effects.lossHistory = { trainingId: known.orderId, value: training.lossHistory };
  effects.move = move(job.id, job.attempt, 'succeeded', { costMicroUsd: job.holdMicroUsd });
}

/** The row of a planned image; null for an image nobody planned. */
function newImage(job: PendingEvent['job'], imageId: string, result: ImageResult, sound: Set<string>): NewImage | null {
  const position = job.planned.findIndex((plan) => plan.imageId === imageId);
  const plan = job.planned[position];
  if (!plan) return null;
  const head = {
    id: imageId,
    userId: job.userId,
    modelId: job.modelId,
    generationId: job.orderId,
    position,
    prompt: plan.prompt,
    compiledPrompt: plan.compiledPrompt,
    seed: plan.seed,
  };
  if (result.status === 'succeeded' && sound.has(result.key)) {
    const { key, sizeBytes, sha256, width, height } = result;
    return { ...head, state: 'ready', failureCode: null, width, height, storageKey: key, sizeBytes, sha256 };
  }
  const failureCode = result.status === 'failed' ? result.code : 'UPLOAD_FAILED';
  return {
    ...head,
    state: 'failed',
    failureCode,
    width: 0,
    height: 0,
    storageKey: null,
    sizeBytes: null,
    sha256: null,
  };
}
