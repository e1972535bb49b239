/** The apply step: stored events become results. Whatever arrives twice, late or out of order changes nothing twice. */
import {
  applyEffects,
  createBatcher,
  type JobEffects,
  type NewImage,
  type NewSample,
  type NewWeights,
  type PendingEvent,
  type ReadJob,
  readPendingEvents,
  type StoredEvents,
} from '@pixgen/db';
import {
  type FailedEvent,
  type ImageEvent,
  isFinal,
  newId,
  type SampleEvent,
  type StoredObject,
  type SucceededEvent,
  type WeightsEvent,
} from '@pixgen/domain';
import type { Deps } from '../deps.ts';
import { afterFailure, imageCostMicroUsd, move, trainingCostMicroUsd } from './next-move.ts';
import { publishHistory, wakeRelay } from './publish.ts';
import { isKeyOfClaim, isKeyOfPicture, verifyObject } from './verify-object.ts';

type ImageResult = ImageEvent['result'];

/** A job that changes each time it is looked at: the queue tries again later. */
const MAX_TURNS = 10;

/**
 * The apply step of this process: tasks that wait at once share a statement, and those of one job take turns, as each
 * would find the job changed by the other.
 */
export function createEventApplier(deps: Deps): (task: StoredEvents & { seen: string[] }) => Promise<void> {
  const busy = new Map<string, Promise<void>>();
  return createBatcher<StoredEvents & { seen: string[] }, void>(
    async (tasks) => {
      const jobIds = [...new Set(tasks.flatMap((task) => task.jobIds))];
      const others = (): Promise<void>[] => jobIds.flatMap((jobId) => busy.get(jobId) ?? []);
      while (others().length > 0) await Promise.all(others());
      const eventIds = tasks.flatMap((task) => task.eventIds);
      const seen = tasks.flatMap((task) => task.seen);
      const work = applyEvents(deps, eventIds, seen);
      const over = work
        .catch(() => undefined)
        .then(() => {
          for (const jobId of jobIds) busy.delete(jobId);
        });
      for (const jobId of jobIds) busy.set(jobId, over);
      await work;
      return tasks.map(() => undefined);
    },
    // A batch waits for its slowest look at the store, and a training's weights may have to be read whole: others go on.
    { maxBatch: 50, maxInFlight: 4 },
  );
}

/**
 * Applies a batch of inbox rows: read, decide, write. A job that someone changed in between is read and decided again.
 *
 * @param seen keys of objects that were found as announced when the events came; the others are looked at
 * @throws AppError UNAVAILABLE when the store or the database cannot be reached; the queue tries again
 */
export async function applyEvents(deps: Deps, eventIds: string[], seen: string[] = []): Promise<void> {
  const looks = new Map(seen.map((key) => [key, true]));
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    const pending = await readPendingEvents(deps.db.pool, eventIds);
    if (pending.length === 0 || (await applyPending(deps, pending, looks)) === 0) return;
  }
  throw new Error('the jobs of these events change all the time');
}

/**
 * @param looks what was seen in the store before, by key
 * @returns how many jobs changed in between
 */
async function applyPending(deps: Deps, pending: PendingEvent[], looks: Map<string, boolean>): Promise<number> {
  await lookAtObjects(deps, pending, looks);
  const byJob = Map.groupBy(pending, ({ job }) => job.id);
  const effects = [...byJob.values()].flatMap((entries) => decide(entries, looks) ?? []);
  const inboxIds = pending.map(({ id }) => id);
  deps.passPoint('apply.beforeTx');
  const writing = applyEffects(deps.db.pool, effects, inboxIds);
  // By then the statement has left for Postgres, which ends it either way.
  setImmediate(() => deps.passPoint('apply.inTx'));
  const { lines, conflicts } = await writing;
  deps.passPoint('apply.afterTx');
  void publishHistory(deps, lines);
  if (lines.some(writesOutbox)) void wakeRelay(deps);
  return conflicts.length;
}

/** A next attempt, or the pack that was ordered along with a training. */
function writesOutbox({ type, kind }: { type: string; kind: string }): boolean {
  return type === 'attempt-ended' || (type === 'succeeded' && kind === 'train');
}

/** Whether objects that events name are there as announced: right place, length and checksum. */
async function lookAtObjects(deps: Deps, pending: PendingEvent[], looks: Map<string, boolean>): Promise<void> {
  const objects = pending.flatMap(({ job, event }) =>
    isStale(job, event)
      ? []
      : objectsOf(event, job.readyImageIds).filter(({ key }) => isKeyOfClaim(key, event, job.userId)),
  );
  const unknown = new Map(objects.filter(({ key }) => !looks.has(key)).map((object) => [object.key, object]));
  await Promise.all(
    [...unknown.values()].map(async (object) => {
      looks.set(object.key, await verifyObject(deps, object));
    }),
  );
}

/** Of a job that has ended, an older attempt or an older claim. Once true, always true. */
function isStale(job: ReadJob, event: PendingEvent['event']): boolean {
  return isFinal(job.state) || event.attempt !== job.attempt || event.claimEpoch !== job.claimEpoch;
}

/** Those of images that are ready already were checked when they came. */
function objectsOf(event: PendingEvent['event'], readyImageIds: string[]): StoredObject[] {
  const drawn = (result: ImageResult): StoredObject[] => (result.status === 'succeeded' ? [result] : []);
  switch (event.type) {
    case 'image':
      return drawn(event.result);
    case 'checkpoint':
    case 'weights':
    case 'sample':
      return [event.object];
    case 'succeeded':
      if (event.training) return [event.training.weights, event.training.kohyaWeights];
      return event.images.flatMap(({ imageId, result }) => (readyImageIds.includes(imageId) ? [] : drawn(result)));
    case 'failed':
      return [];
  }
}

/** What the events of one job do to it as it was read; null when all of them are stale. Pure. */
function decide(entries: PendingEvent[], looks: ReadonlyMap<string, boolean>): JobEffects | null {
  const job = entries[0]?.job;
  const current = entries.filter((entry) => !isStale(entry.job, entry.event));
  if (!job || current.length === 0) return null;
  const { id: jobId, version, attempt, kind, holdMicroUsd } = job;
  const effects: JobEffects = {
    jobId,
    version,
    attempt,
    kind,
    holdMicroUsd,
    images: [],
    weights: [],
    samples: [],
    checkpoint: null,
    lossHistory: null,
    move: null,
  };
  const images = new Map<string, NewImage>();
  const ready = new Set(job.readyImageIds);
  const draw = (imageId: string, result: ImageResult, isSound: (key: string) => boolean): void => {
    const image = newImage(job, imageId, result, isSound);
    if (!image || ready.has(imageId)) return;
    images.set(imageId, image);
    if (image.state === 'ready') ready.add(imageId);
  };
  const fail = (end: Pick<FailedEvent, 'code' | 'retryable'> | { code: string; retryable: boolean }): void => {
    effects.move = afterFailure({
      jobId,
      attempt,
      cause: end.code,
      retryable: end.retryable,
      holdMicroUsd,
      readyImages: ready.size - job.readyBefore,
      plannedImages: job.planned.length - job.notOrdered,
    });
  };
  for (const { event } of current) {
    // After the terminal event of a batch nothing else of it counts.
    if (effects.move) break;
    // That an object was found says nothing of whose it is: attempt and epoch of those who may name it stand in its key.
    const isSound = (key: string): boolean => looks.get(key) === true && isKeyOfClaim(key, event, job.userId);
    if (event.type === 'image') draw(event.imageId, event.result, isSound);
    else if (event.type === 'checkpoint') {
      const { key, sizeBytes, sha256 } = event.object;
      const newest = effects.checkpoint?.step ?? job.checkpointStep ?? -1;
      if (isSound(key) && event.step > newest) effects.checkpoint = { key, sizeBytes, sha256, step: event.step };
    } else if (event.type === 'weights') effects.weights.push(...checkpointWeights(job, event, isSound));
    else if (event.type === 'sample') effects.samples.push(...newSample(job, event, isSound));
    else if (event.type === 'failed') fail(event);
    else if (job.kind === 'generate') {
      for (const { imageId, result } of event.images) draw(imageId, result, isSound);
      finishGeneration(job, event, ready.size - job.readyBefore, effects, fail);
    } else finishTraining(job, event, isSound, effects, fail);
  }
  effects.images = [...images.values()];
  return effects;
}

function finishGeneration(
  job: ReadJob,
  event: SucceededEvent,
  ready: number,
  effects: JobEffects,
  fail: (end: { code: string; retryable: boolean }) => void,
): void {
  if (ready === 0) {
    const failed = event.images.find((image) => image.result.status === 'failed')?.result;
    fail({ code: failed?.status === 'failed' ? failed.code : 'RESULT_INVALID', retryable: false });
    return;
  }
  effects.move = move(job.id, job.attempt, 'succeeded', {
    costMicroUsd: imageCostMicroUsd(job.holdMicroUsd, ready, job.planned.length - job.notOrdered),
  });
}

function finishTraining(
  job: ReadJob,
  event: SucceededEvent,
  isSound: (key: string) => boolean,
  effects: JobEffects,
  fail: (end: { code: string; retryable: boolean }) => void,
): void {
  const { training } = event;
  if (!training || !isSound(training.weights.key) || !isSound(training.kohyaWeights.key)) {
    fail({ code: 'RESULT_INVALID', retryable: true });
    return;
  }
  const { steps: step, likeness, weights, kohyaWeights } = training;
  effects.weights.push({ ...newWeights(job, weights), step, likeness, final: true, kohyaStorageKey: kohyaWeights.key });
  effects.lossHistory = { trainingId: job.orderId, value: training.lossHistory };
  effects.move = move(job.id, job.attempt, 'succeeded', {
    costMicroUsd: trainingCostMicroUsd(job.holdMicroUsd, step, job.stoppableSteps),
  });
}

/** The row of a checkpoint's LoRA; none for a file that is not there. */
function checkpointWeights(job: ReadJob, event: WeightsEvent, isSound: (key: string) => boolean): NewWeights[] {
  if (job.kind !== 'train' || !isSound(event.object.key)) return [];
  const { step, likeness, object } = event;
  return [{ ...newWeights(job, object), step, likeness, final: false, kohyaStorageKey: null }];
}

function newWeights(job: ReadJob, { key, sizeBytes, sha256 }: StoredObject) {
  return {
    id: newId(),
    userId: job.userId,
    modelId: job.modelId,
    trainingId: job.orderId,
    jobId: job.id,
    storageKey: key,
    sizeBytes,
    sha256,
    profile: job.profile ?? 'sdxl',
  };
}

/** The row of a sample; none for a prompt that the order does not have, or a file that is not there. */
function newSample(job: ReadJob, event: SampleEvent, isSound: (key: string) => boolean): NewSample[] {
  const prompt = job.samplePrompts[event.index];
  if (prompt === undefined || !isKeyOfPicture(event.object.key) || !isSound(event.object.key)) return [];
  const { step, index: position, width, height, object } = event;
  const head = { id: newId(), userId: job.userId, trainingId: job.orderId };
  return [{ ...head, step, position, prompt, storageKey: object.key, width, height }];
}

/** The row of a planned image; null for an image nobody planned. */
function newImage(
  job: ReadJob,
  imageId: string,
  result: ImageResult,
  isSound: (key: string) => boolean,
): NewImage | null {
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
  if (result.status === 'succeeded' && isKeyOfPicture(result.key) && isSound(result.key)) {
    const { key, sizeBytes, sha256, width, height, safety } = result;
    return { ...head, state: 'ready', failureCode: null, width, height, storageKey: key, sizeBytes, sha256, safety };
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
    safety: result.safety,
  };
}
