/** The sweep: what was deleted 30 days ago goes for good, and what no result needs is removed from the store. */
import {
  emptyImages,
  findBulkWithOldFiles,
  findExpiredExports,
  findPhotosPastRetention,
  findPurgeableImages,
  findPurgeableModels,
  findPurgeablePhotos,
  findUnsweptJobs,
  markSwept,
  removeBulk,
  removeDataExport,
  removeDeletedCollections,
  removeExpiredRows,
  removeModel,
  removeOldReports,
  removePhotos,
  removePhotosPastRetention,
} from '@pixgen/db';
import { keys } from '@pixgen/storage';
import type { Deps } from '../deps.ts';
import { KEEP_FILES_MS } from '../gallery/bulk-operations.ts';
import { undoSince } from '../undo.ts';

const BATCH = 200;
/** Batches of a kind per pass: a pass is never much longer than its hour. */
const MAX_BATCHES = 100;
const DAY_MS = 86_400_000;
/** An upload URL of a GPU lives 15 minutes: after this nothing late can arrive. */
const LATE_PUT_MS = 60 * 60_000;
/** Ids of events and idempotency keys are remembered this long. */
const REMEMBER_MS = 7 * DAY_MS;
/** The board shows jobs that ended badly this long; the admin's list shows them as long as their model exists. */
const DEAD_LETTER_MS = 30 * DAY_MS;
/** After its decision a report is kept this long, for questions about it. */
const KEEP_REPORTS_MS = 180 * DAY_MS;

/**
 * One pass. Objects go before their rows: a crash in between leaves a row that the next pass finds again, never an object
 * that nobody knows.
 *
 * @param options.quarantine a part of it, for tests that share a store
 */
export async function sweep(
  deps: Deps,
  now = Date.now(),
  { quarantine = keys.quarantine }: { quarantine?: string } = {},
): Promise<void> {
  const deletedBefore = undoSince(now);
  await untilNone(() => purgeModels(deps, deletedBefore));
  await untilNone(() => purgePhotos(deps, deletedBefore, new Date(now - DAY_MS)));
  await emptyQuarantine(deps, quarantine, new Date(now - DAY_MS));
  await untilNone(() => purgeImages(deps, deletedBefore));
  await untilNone(() => purgeBulk(deps, new Date(now - KEEP_FILES_MS)));
  await removeBulk(deps.db, { endedBefore: deletedBefore });
  await removeDeletedCollections(deps.db, deletedBefore);
  await untilNone(() => purgeTrainedPhotos(deps, now));
  await untilNone(() => purgeExports(deps, now));
  await untilNone(() => removeLeftovers(deps, new Date(now - LATE_PUT_MS)));
  await removeExpiredRows(deps.db, new Date(now - REMEMBER_MS));
  await removeOldReports(deps.db.pool, new Date(now - KEEP_REPORTS_MS));
  await deps.producer.trimDeadLetters(DEAD_LETTER_MS);
}

/** Works through all there is, within bounds. `work` says how many it found; fewer than a batch were the last. */
async function untilNone(work: () => Promise<number>): Promise<void> {
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) if ((await work()) < BATCH) return;
}

async function purgeModels(deps: Deps, deletedBefore: Date): Promise<number> {
  const models = await findPurgeableModels(deps.db, deletedBefore, BATCH);
  for (const model of models) {
    for (const photo of model.photos)
      await removePhotoObjects(deps, { ...photo, userId: model.userId, modelId: model.id });
    for (const job of model.jobs) {
      const prefix = keys.gpuJob(model.userId, job.id);
      await removePrefix(deps, keys.derivativesBelow(prefix));
      await removePrefix(deps, prefix);
    }
    await removeModel(deps.db, model.id);
  }
  return models.length;
}

async function purgePhotos(deps: Deps, deletedBefore: Date, abandonedBefore: Date): Promise<number> {
  const photos = await findPurgeablePhotos(deps.db, deletedBefore, abandonedBefore, BATCH);
  for (const photo of photos) await removePhotoObjects(deps, photo);
  await removePhotos(
    deps.db,
    photos.map((photo) => photo.id),
  );
  return photos.length;
}

/**
 * Whoever it belongs to: a photo that was checked has its copy, and what was sent again to the same address since is neither
 * looked at nor cleaned.
 */
async function emptyQuarantine(deps: Deps, prefix: string, before: Date): Promise<void> {
  let batch: string[] = [];
  const flush = async (): Promise<void> => {
    await deps.storage.remove(batch);
    batch = [];
  };
  for await (const { key, modifiedAt } of deps.storage.list(prefix)) {
    if (modifiedAt >= before) continue;
    batch.push(key);
    if (batch.length === BATCH) await flush();
  }
  await flush();
}

async function purgeImages(deps: Deps, deletedBefore: Date): Promise<number> {
  const images = await findPurgeableImages(deps.db, deletedBefore, BATCH);
  for (const { storageKey } of images) {
    if (storageKey === null) continue;
    await removePrefix(deps, keys.derivatives(storageKey));
    await deps.storage.remove([storageKey]);
  }
  await emptyImages(
    deps.db,
    images.map((image) => image.id),
  );
  return images.length;
}

/** Files of downloads that nobody can fetch any more, then the operations that nobody can undo any more. */
async function purgeBulk(deps: Deps, filesBefore: Date): Promise<number> {
  const old = await findBulkWithOldFiles(deps.db, filesBefore, BATCH);
  for (const { id, userId } of old) {
    await deps.storage.abortUploads(keys.bundles(userId, id));
    await removePrefix(deps, keys.bundles(userId, id));
  }
  await removeBulk(deps.db, { ids: old.map(({ id }) => id) });
  return old.length;
}

/** A photo has done its work some time after a training succeeded with it. */
async function purgeTrainedPhotos(deps: Deps, now: number): Promise<number> {
  const { trainedPhotosDays } = deps.config;
  if (trainedPhotosDays === 0) return 0;
  const trainedBefore = new Date(now - trainedPhotosDays * DAY_MS);
  const photos = await findPhotosPastRetention(deps.db, trainedBefore, BATCH);
  for (const photo of photos) await removePhotoObjects(deps, photo);
  await removePhotosPastRetention(deps.db, photos);
  return photos.length;
}

async function purgeExports(deps: Deps, now: number): Promise<number> {
  const expired = await findExpiredExports(deps.db, new Date(now), new Date(now - DAY_MS), BATCH);
  for (const { id, userId } of expired) {
    const key = keys.dataExport(userId, id);
    await deps.storage.abortUploads(key);
    await deps.storage.remove([key]);
    await removeDataExport(deps.db, id);
  }
  return expired.length;
}

/** Objects of attempts and claims that did not win, checkpoints of trainings that ended. */
async function removeLeftovers(deps: Deps, endedBefore: Date): Promise<number> {
  const jobs = await findUnsweptJobs(deps.db, endedBefore, BATCH);
  for (const job of jobs) {
    await removePrefix(deps, keys.gpuJob(job.userId, job.id), new Set(job.keep));
    await markSwept(deps.db, job.id);
  }
  return jobs.length;
}

async function removePhotoObjects(deps: Deps, photo: { id: string; userId: string; modelId: string }): Promise<void> {
  const key = keys.photo(photo.userId, photo.modelId, photo.id);
  await removePrefix(deps, keys.derivatives(key));
  await deps.storage.remove([keys.photoUpload(photo.userId, photo.id), key]);
}

async function removePrefix(deps: Deps, prefix: string, keep: ReadonlySet<string> = new Set()): Promise<void> {
  const found: string[] = [];
  for await (const object of deps.storage.list(prefix)) if (!keep.has(object.key)) found.push(object.key);
  if (found.length > 0) await deps.storage.remove(found);
}
