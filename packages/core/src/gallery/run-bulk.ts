/** The worker's side of an act on many images: a slice per task, so that no task is long and a crash repeats little. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  addBulkFile,
  addToOutbox,
  type BulkImage,
  type BulkRow,
  beginBulk,
  doBulkSlice,
  endBulk,
  noteBulkProgress,
  readBulkImages,
} from '@pixgen/db';
import { AppError, newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import { makeZip } from 'client-zip';
import type { Deps } from '../deps.ts';
import { wakeRelay } from '../jobs/publish.ts';
import { imageFileName } from './download-image.ts';
import { readPictureFile } from './read-picture.ts';
import { typeOf } from './view-image.ts';

/** Images per statement of a delete: some tens of milliseconds. */
const SLICE = 1_000;
/** Images per read while zipping, and between two looks whether the person has cancelled. */
const READ = 50;
/** Objects fetched ahead of the zip. */
const AHEAD = 8;

export type BulkBudget = {
  /** A task begins nothing new after this. */
  taskMs: number;
  /** A file of a download ends with the image that passes this. */
  fileBytes: number;
};
export const BULK_BUDGET: BulkBudget = { taskMs: 40_000, fileBytes: 1024 ** 3 };

/**
 * Does a slice of an operation and, when more is to do, orders the next. May be run any number of times, also by two
 * workers at once: how far it came is written with what was done.
 *
 * @throws AppError UNAVAILABLE when a store does not answer; the queue tries again
 */
export async function runBulk(
  deps: Deps,
  { operationId }: { operationId: string },
  { signal }: { signal: AbortSignal },
  budget: BulkBudget = BULK_BUDGET,
): Promise<void> {
  const endsAt = performance.now() + budget.taskMs;
  for (;;) {
    const operation = await beginBulk(deps.db, operationId);
    if (!operation) return;
    const more =
      operation.kind === 'download'
        ? await zipFile(deps, operation, signal, endsAt, budget.fileBytes)
        : await doBulkSlice(deps.db, operation, SLICE);
    if (!more) {
      await endBulk(deps.db, operationId, 'succeeded');
      return;
    }
    if (performance.now() >= endsAt) break;
  }
  await addToOutbox(deps.db.pool, [{ id: newId(), task: 'bulk', payload: { operationId } }]);
  void wakeRelay(deps);
}

/** Ends an operation whose task killed its worker again and again. */
export async function failBulk(deps: Deps, { operationId }: { operationId: string }): Promise<void> {
  await endBulk(deps.db, operationId, 'failed', 'KILLED_WORKER');
}

class Cancelled extends Error {
  override name = 'Cancelled';
}

/**
 * Makes one file of a download: images as they are (PNGs do not get smaller), streamed from the store into the store.
 *
 * @returns whether images are left
 */
async function zipFile(
  deps: Deps,
  operation: BulkRow,
  signal: AbortSignal,
  endsAt: number,
  fileBytes: number,
): Promise<boolean> {
  // Not `done`, which runs ahead of what is written: what a run that was cut off had counted does not count twice.
  const before = operation.reached;
  const reached = { cursor: operation.cursor, images: 0, skipped: 0, sourceBytes: 0, more: false };

  async function* entries() {
    for (;;) {
      const images = await readBulkImages(deps.db, { ...operation, cursor: reached.cursor }, READ);
      for await (const { image, bytes } of fetchInOrder(deps, images)) {
        if (bytes) yield { name: imageFileName(image), lastModified: image.createdAt, input: bytes };
        reached.cursor = image.id;
        reached.images += 1;
        reached.sourceBytes += bytes?.length ?? 0;
        if (!bytes) reached.skipped += 1;
      }
      if (!(await noteBulkProgress(deps.db, operation.id, before + reached.images))) throw new Cancelled();
      if (images.length < READ) return;
      reached.more = reached.sourceBytes >= fileBytes || performance.now() >= endsAt;
      if (reached.more) return;
    }
  }

  const part = operation.files.length + 1;
  // A name of its own for each try: a slower one that still writes cannot replace what the person fetches.
  const key = keys.bundle(operation.userId, operation.id, `${part}-${randomUUID().slice(0, 8)}`);
  const size = { bytes: 0 };
  try {
    await deps.storage.writeStream(key, Readable.from(counted(makeZip(entries()), size)), 'application/zip', signal);
  } catch (error) {
    // The caller looks again and finds it ended.
    if (wasCancelled(error)) return true;
    throw error;
  }
  const { cursor, images, skipped, more } = reached;
  const day = operation.createdAt.toISOString().slice(0, 10);
  const name = `pixgen-${day}-${operation.id.slice(-6)}${more || part > 1 ? `-${part}` : ''}.zip`;
  const file = { key, name, sizeBytes: size.bytes };
  // Nothing but images that are gone makes no file, and still counts.
  const isFile = images > skipped;
  const written =
    cursor !== null &&
    (await addBulkFile(deps.db, operation, isFile ? file : null, { cursor, done: before + images, skipped }));
  if (!isFile || !written) await deps.storage.remove([key]);
  // Another worker was faster, or it was cancelled: the caller looks again.
  return cursor === null ? false : !written || more;
}

/** Images with their bytes in the order given, some fetched ahead; null bytes where the store has no picture. */
async function* fetchInOrder(deps: Deps, images: BulkImage[]) {
  const ahead: { image: BulkImage; bytes: Promise<Buffer | null> }[] = [];
  const fetchNext = (): void => {
    const image = images[ahead.length + taken];
    if (!image) return;
    const bytes = readSound(deps, image.storageKey);
    // Looked at in its turn; a zip that ends before must not leave it unhandled.
    bytes.catch(() => undefined);
    ahead.push({ image, bytes });
  };
  let taken = 0;
  for (let count = 0; count < AHEAD; count += 1) fetchNext();
  for (let next = ahead.shift(); next; next = ahead.shift()) {
    taken += 1;
    fetchNext();
    yield { image: next.image, bytes: await next.bytes };
  }
}

/** What is no picture is passed over as what is not there, and the others are packed. */
function readSound(deps: Deps, key: string): Promise<Buffer | null> {
  return readPictureFile(deps, { key, contentType: typeOf(key) }).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'STATE_CONFLICT') return null;
    throw error;
  });
}

async function* counted(bytes: AsyncIterable<Uint8Array>, size: { bytes: number }) {
  for await (const chunk of bytes) {
    size.bytes += chunk.length;
    yield chunk;
  }
}

function wasCancelled(error: unknown): boolean {
  let at = error;
  while (at instanceof Error) {
    if (at instanceof Cancelled) return true;
    at = at.cause;
  }
  return false;
}
