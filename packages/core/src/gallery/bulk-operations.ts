/** Acts on many images, as their owner orders and follows them. The worker does them: see `run-bulk.ts`. */
import {
  type BulkRow,
  type BulkSelection,
  endBulk,
  findBulkByKey,
  findOwnBulk,
  findOwnCollection,
  insertBulkOperation,
  listBulk as listRows,
  measureSelection,
} from '@pixgen/db';
import {
  AppError,
  type BulkView,
  type DownloadView,
  type ImageSelection,
  LIMITS,
  newId,
  notFound,
  type StartBulkInput,
  say,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { wakeRelay } from '../jobs/publish.ts';
import { DOWNLOAD_URL_MS } from '../models/download-weights.ts';
import { undoSince } from '../undo.ts';
import { toFilter } from './read-images.ts';

/** Files of a download can be fetched this long after it ended. */
export const KEEP_FILES_MS = 24 * 60 * 60_000;
/** Ended operations stay on the screen this long. */
const SHOW_ENDED_MS = KEEP_FILES_MS;

/**
 * Orders an act on many images. Repeating the call with the same key returns the first operation.
 *
 * @throws AppError NOT_FOUND for the collection; INVALID_INPUT for a selection without images; QUOTA_EXCEEDED for a download
 *   that is too large, alone or with those that are kept; RATE_LIMITED while too many work
 */
export async function startBulk(deps: Deps, actor: Actor, input: StartBulkInput): Promise<BulkView> {
  const { kind, idempotencyKey } = input;
  if ((kind === 'collect') !== (input.collectionId !== undefined)) {
    const message = say`Name a collection for kind collect, and for no other.`;
    throw new AppError('INVALID_INPUT', message, { fields: [{ path: 'collectionId', message }] });
  }
  const collectionId = input.collectionId ?? null;
  if (collectionId !== null && !(await findOwnCollection(deps.db, actor.userId, collectionId))) {
    throw notFound('collection');
  }
  return order(deps, actor, { kind, selection: toSelection(input.selection), collectionId, idempotencyKey });
}

/**
 * Brings back what a delete took, those images and no others. A delete that still works is stopped first.
 *
 * @throws AppError NOT_FOUND; STATE_CONFLICT for other kinds and past 30 days
 */
export async function undoBulk(
  deps: Deps,
  actor: Actor,
  input: { id: string; idempotencyKey: string },
): Promise<BulkView> {
  const operation = await ownOperation(deps, actor, input.id);
  if (operation.kind !== 'delete' || operation.createdAt < undoSince()) {
    throw new AppError('STATE_CONFLICT', say`This cannot be undone.`);
  }
  await endBulk(deps.db, operation.id, 'cancelled');
  const selection = { deletedAt: operation.createdAt.toISOString() };
  return order(deps, actor, { kind: 'restore', selection, collectionId: null, idempotencyKey: input.idempotencyKey });
}

/** What is done stays done. @throws AppError NOT_FOUND; STATE_CONFLICT when it has ended */
export async function cancelBulk(deps: Deps, actor: Actor, input: { id: string }): Promise<BulkView> {
  const operation = await ownOperation(deps, actor, input.id);
  if (!(await endBulk(deps.db, operation.id, 'cancelled'))) {
    throw new AppError('STATE_CONFLICT', say`This has ended already.`);
  }
  return toView(await ownOperation(deps, actor, input.id));
}

/** @throws AppError NOT_FOUND */
export async function getBulk(deps: Deps, actor: Actor, input: { id: string }): Promise<BulkView> {
  return toView(await ownOperation(deps, actor, input.id));
}

/** What works, and what ended within a day, newest first. */
export async function listBulk(deps: Deps, actor: Actor): Promise<{ items: BulkView[] }> {
  const rows = await listRows(deps.db, actor.userId, new Date(Date.now() - SHOW_ENDED_MS), 20);
  return { items: rows.map(toView) };
}

/** A signed address of one file of a finished download. @throws AppError NOT_FOUND; GONE a day later */
export async function downloadBulkFile(
  deps: Deps,
  actor: Actor,
  input: { id: string; file: number },
): Promise<DownloadView> {
  const operation = await ownOperation(deps, actor, input.id);
  const file = operation.state === 'succeeded' ? operation.files[input.file] : undefined;
  if (!file || !operation.endedAt) throw notFound('operation');
  if (operation.endedAt.getTime() + KEEP_FILES_MS < Date.now()) {
    throw new AppError('GONE', say`This download was kept for a day. Order it again.`);
  }
  const { url, expiresAt } = deps.storage.presignGet({
    key: file.key,
    expiresInMs: DOWNLOAD_URL_MS,
    downloadName: file.name,
  });
  return { url, fileName: file.name, expiresAt: expiresAt.toISOString() };
}

type Order = Pick<BulkRow, 'kind' | 'selection' | 'collectionId' | 'idempotencyKey'>;

async function order(deps: Deps, actor: Actor, wanted: Order): Promise<BulkView> {
  const { userId } = actor;
  const earlier = await findBulkByKey(deps.db, userId, wanted.idempotencyKey);
  if (earlier) return toView(earlier);
  const { total, sizeBytes } = await measureSelection(deps.db, { userId, ...wanted });
  if (total === 0) throw new AppError('INVALID_INPUT', say`There is no such picture any more. Nothing was changed.`);
  if (wanted.kind === 'download' && sizeBytes > LIMITS.bulkDownloadBytes.max) {
    const limit = Math.round(LIMITS.bulkDownloadBytes.max / 1024 ** 3);
    throw new AppError('QUOTA_EXCEEDED', say`That is more than ${limit} GB in one download. Choose fewer pictures.`);
  }
  const row = { id: newId(), userId, total, sizeBytes, ...wanted };
  const limit = { live: LIMITS.bulkOperations.max, keptBytes: LIMITS.keptDownloadBytes.max };
  const operation = await insertBulkOperation(deps.db, row, newId(), limit);
  if (operation === 'busy') {
    const message = say`${LIMITS.bulkOperations.max} of these are under way. Wait until one has ended.`;
    throw new AppError('RATE_LIMITED', message, { retryAfterMs: 5_000 });
  }
  if ('keptBytes' in operation) {
    const [kept, max, more] = [operation.keptBytes, limit.keptBytes, sizeBytes].map(inGb);
    throw new AppError(
      'QUOTA_EXCEEDED',
      say`Your downloads of the last day take ${kept ?? 0} of ${max ?? 0} GB, and this one needs ${more ?? 0} GB. Each goes a day after it was made.`,
    );
  }
  void wakeRelay(deps);
  return toView(operation);
}

function inGb(bytes: number): number {
  return Math.round((bytes / 1024 ** 3) * 10) / 10;
}

function toSelection(input: ImageSelection): BulkSelection {
  if ('ids' in input) return { ids: input.ids };
  const { deletedSince, ...filter } = toFilter(input.matching);
  return {
    matching: { ...filter, deletedSince: deletedSince?.toISOString() ?? null },
    except: input.except,
    madeBefore: input.madeBefore,
  };
}

async function ownOperation(deps: Deps, actor: Actor, id: string): Promise<BulkRow> {
  const operation = await findOwnBulk(deps.db, actor.userId, id);
  if (!operation) throw notFound('operation');
  return operation;
}

const FAILURES: Record<string, string> = {
  KILLED_WORKER: 'It stopped again and again for a reason of ours. What was done is done; try the rest again.',
};

function toView(row: BulkRow): BulkView {
  const files = row.state === 'succeeded' ? row.files.map(({ name, sizeBytes }) => ({ name, sizeBytes })) : [];
  const keptUntil = row.endedAt && files.length > 0 ? new Date(row.endedAt.getTime() + KEEP_FILES_MS) : null;
  return {
    id: row.id,
    kind: row.kind,
    state: row.state as BulkView['state'],
    total: row.total,
    done: Math.min(row.done, row.total),
    skipped: row.skipped,
    files,
    expiresAt: keptUntil?.toISOString() ?? null,
    failure:
      row.failureCode === null ? null : (FAILURES[row.failureCode] ?? 'It could not be done. Try it again in a while.'),
    failureCode: row.failureCode,
    createdAt: row.createdAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}
