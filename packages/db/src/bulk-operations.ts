/** Acts on many images: their durable record, and the slices in which the worker does them. */
import type { Db } from './client.ts';
import { Prisma } from './generated/client.ts';
import { type ImageFilter, matching } from './images.ts';

export type BulkKind = 'download' | 'delete' | 'restore' | 'collect';
export type BulkFile = { key: string; name: string; sizeBytes: number };
/** Filters and times as JSON keeps them. */
export type BulkSelection =
  | { ids: string[] }
  | {
      matching: Omit<ImageFilter, 'deletedSince'> & { deletedSince: string | null };
      except: string[];
      madeBefore: string;
    }
  | { deletedAt: string };
export type BulkRow = Omit<Prisma.BulkOperationGetPayload<Record<string, never>>, 'kind' | 'selection' | 'files'> & {
  kind: BulkKind;
  selection: BulkSelection;
  files: BulkFile[];
};

type RawRow = Prisma.BulkOperationGetPayload<Record<string, never>>;
const typed = (row: RawRow): BulkRow =>
  ({ ...row, kind: row.kind, selection: row.selection, files: row.files }) as unknown as BulkRow;
const LIVE = { in: ['queued', 'running'] };

/**
 * The images an operation is for. Which ones a delete or a restore takes must not change while it works, so neither looks
 * at what it changes itself: a delete sets the operation's own time, and going on after the cursor skips what is done.
 */
function selected(op: Pick<BulkRow, 'userId' | 'kind' | 'selection'>): Prisma.Sql {
  const { selection, userId } = op;
  if ('deletedAt' in selection) {
    return Prisma.sql`i."userId" = ${userId}::uuid AND i."deletedAt" = ${new Date(selection.deletedAt)}`;
  }
  if ('ids' in selection) {
    const standing = op.kind === 'restore' ? Prisma.sql`i."deletedAt" IS NOT NULL` : Prisma.sql`i."deletedAt" IS NULL`;
    return Prisma.sql`i."userId" = ${userId}::uuid AND i.id = ANY (${selection.ids}::uuid[]) AND i.state = 'ready' AND ${standing}
      AND EXISTS (SELECT 1 FROM "Model" m WHERE m.id = i."modelId" AND m."deletedAt" IS NULL)`;
  }
  const { deletedSince, ...filter } = selection.matching;
  const since = deletedSince === null ? null : new Date(deletedSince);
  return Prisma.sql`${matching(userId, { ...filter, deletedSince: since })}
    AND i."createdAt" <= ${new Date(selection.madeBefore)} AND NOT (i.id = ANY (${selection.except}::uuid[]))`;
}

/** How many images an operation would be for, and their size together. */
export async function measureSelection(
  db: Db,
  op: Pick<BulkRow, 'userId' | 'kind' | 'selection'>,
): Promise<{ total: number; sizeBytes: number }> {
  const [row] = await db.prisma.$queryRaw<{ total: number; sizeBytes: bigint }[]>(
    Prisma.sql`SELECT count(*)::int AS total, coalesce(sum(i."sizeBytes"), 0)::bigint AS "sizeBytes" FROM "Image" i WHERE ${selected(op)}`,
  );
  return { total: row?.total ?? 0, sizeBytes: Number(row?.sizeBytes ?? 0) };
}

/**
 * Writes an operation and its queue work together, within the limits of its person. Calls at once wait for each other, so
 * that none of them passes a limit that another one has just reached.
 *
 * @param limit.keptBytes of all downloads that are kept or under way
 * @returns the operation; the earlier one when the person used this key before; `busy` when too many work; how much downloads
 *   take already when this one finds no room
 */
export async function insertBulkOperation(
  db: Db,
  op: Pick<BulkRow, 'id' | 'userId' | 'idempotencyKey' | 'kind' | 'selection' | 'collectionId' | 'total'> & {
    sizeBytes: number;
  },
  outboxId: string,
  limit: { live: number; keptBytes: number },
): Promise<BulkRow | 'busy' | { keptBytes: number }> {
  const { userId, idempotencyKey, kind, sizeBytes } = op;
  return db.prisma.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`bulk ${userId}`}, 0))::text`;
    const earlier = await tx.bulkOperation.findUnique({ where: { userId_idempotencyKey: { userId, idempotencyKey } } });
    if (earlier) return typed(earlier);
    if ((await tx.bulkOperation.count({ where: { userId, endedAt: null } })) >= limit.live) return 'busy';
    if (kind === 'download') {
      const keptBytes = await keptDownloadBytes(tx, userId);
      if (keptBytes + sizeBytes > limit.keptBytes) return { keptBytes };
    }
    const data = { ...op, sizeBytes: BigInt(sizeBytes), selection: op.selection as Prisma.InputJsonObject };
    const row = await tx.bulkOperation.create({ data });
    await tx.outbox.create({ data: { id: outboxId, task: 'bulk', payload: { operationId: op.id } } });
    return typed(row);
  });
}

/** Files that the sweep has not removed yet, and what those under way will write. */
async function keptDownloadBytes(tx: Prisma.TransactionClient, userId: string): Promise<number> {
  const [row] = await tx.$queryRaw<{ bytes: bigint }[]>`
    SELECT coalesce(sum(CASE WHEN "endedAt" IS NULL THEN "sizeBytes" ELSE (
      SELECT coalesce(sum((f->>'sizeBytes')::bigint), 0) FROM jsonb_array_elements(files) f) END), 0)::bigint AS bytes
    FROM "BulkOperation" WHERE "userId" = ${userId}::uuid AND kind = 'download'`;
  return Number(row?.bytes ?? 0);
}

export async function findBulkByKey(db: Db, userId: string, idempotencyKey: string): Promise<BulkRow | null> {
  const row = await db.prisma.bulkOperation.findUnique({
    where: { userId_idempotencyKey: { userId, idempotencyKey } },
  });
  return row && typed(row);
}

/** @returns null for absent and foreign operations alike */
export async function findOwnBulk(db: Db, userId: string, id: string): Promise<BulkRow | null> {
  const row = await db.prisma.bulkOperation.findFirst({ where: { id, userId } });
  return row && typed(row);
}

/** Newest first: those that work, and those that ended after `since`. */
export async function listBulk(db: Db, userId: string, since: Date, limit: number): Promise<BulkRow[]> {
  const rows = await db.prisma.bulkOperation.findMany({
    where: { userId, OR: [{ endedAt: null }, { endedAt: { gt: since } }] },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows.map(typed);
}

/** The worker begins or goes on. @returns null when there is nothing to do any more */
export async function beginBulk(db: Db, id: string): Promise<BulkRow | null> {
  const begun = await db.prisma.bulkOperation.updateMany({ where: { id, state: LIVE }, data: { state: 'running' } });
  if (begun.count === 0) return null;
  const row = await db.prisma.bulkOperation.findUnique({ where: { id } });
  return row && typed(row);
}

/** @returns whether the operation was still live */
export async function endBulk(
  db: Db,
  id: string,
  state: 'succeeded' | 'failed' | 'cancelled',
  failureCode: string | null = null,
): Promise<boolean> {
  const data = { state, failureCode, endedAt: new Date() };
  return (await db.prisma.bulkOperation.updateMany({ where: { id, state: LIVE }, data })).count === 1;
}

const EFFECTS: Record<Exclude<BulkKind, 'download'>, (op: BulkRow) => Prisma.Sql> = {
  delete: (op) => Prisma.sql`UPDATE "Image" i SET "deletedAt" = ${op.createdAt} FROM slice
    WHERE i.id = slice.id AND i."deletedAt" IS NULL RETURNING i.id`,
  restore: () => Prisma.sql`UPDATE "Image" i SET "deletedAt" = NULL FROM slice
    WHERE i.id = slice.id AND i."deletedAt" IS NOT NULL RETURNING i.id`,
  collect: (op) => Prisma.sql`INSERT INTO "CollectionImage" ("collectionId", "imageId")
    SELECT c.id, slice.id FROM slice JOIN "Collection" c ON c.id = ${op.collectionId}::uuid
    ON CONFLICT DO NOTHING RETURNING "imageId" AS id`,
};

/**
 * Does the next `limit` images of a delete, restore or collect, and writes how far it came in the same statement: one that
 * is repeated after a crash does nothing twice. An operation that was cancelled meanwhile is left alone.
 *
 * @returns whether to look again: images are left, or somebody else did this slice or ended the operation
 */
export async function doBulkSlice(db: Db, op: BulkRow, limit: number): Promise<boolean> {
  if (op.kind === 'download') throw new Error('a download has no such slices');
  const after = op.cursor === null ? Prisma.empty : Prisma.sql`AND i.id < ${op.cursor}::uuid`;
  const same = op.cursor === null ? Prisma.sql`o.cursor IS NULL` : Prisma.sql`o.cursor = ${op.cursor}::uuid`;
  const [row] = await db.prisma.$queryRaw<{ taken: number; mine: boolean }[]>(Prisma.sql`
    WITH op AS (
      SELECT o.id FROM "BulkOperation" o WHERE o.id = ${op.id}::uuid AND o.state = 'running' AND ${same} FOR UPDATE
    ), slice AS (
      SELECT i.id FROM "Image" i WHERE EXISTS (SELECT 1 FROM op) AND ${selected(op)} ${after} ORDER BY i.id DESC LIMIT ${limit}
    ), effect AS (${EFFECTS[op.kind](op)}), progress AS (
      UPDATE "BulkOperation" o SET done = o.reached + (SELECT count(*) FROM slice),
        reached = o.reached + (SELECT count(*) FROM slice), "updatedAt" = now(),
        cursor = coalesce((SELECT min(id::text)::uuid FROM slice), o.cursor)
      FROM op WHERE o.id = op.id
    )
    SELECT (SELECT count(*)::int FROM slice) AS taken, EXISTS (SELECT 1 FROM op) AS mine`);
  return row?.mine === false || row?.taken === limit;
}

export type BulkImage = { id: string; createdAt: Date; prompt: string; storageKey: string; sizeBytes: number };

/** The next images of a download. */
export async function readBulkImages(db: Db, op: BulkRow, limit: number): Promise<BulkImage[]> {
  const after = op.cursor === null ? Prisma.empty : Prisma.sql`AND i.id < ${op.cursor}::uuid`;
  return db.prisma.$queryRaw<BulkImage[]>(Prisma.sql`
    SELECT i.id, i."createdAt", i.prompt, i."storageKey", coalesce(i."sizeBytes", 0) AS "sizeBytes" FROM "Image" i
    WHERE ${selected(op)} AND i."storageKey" IS NOT NULL ${after} ORDER BY i.id DESC LIMIT ${limit}`);
}

/** Shows how far a file has come; never falls back. @returns false when the operation was cancelled meanwhile */
export async function noteBulkProgress(db: Db, id: string, done: number): Promise<boolean> {
  const changed = await db.prisma
    .$executeRaw`UPDATE "BulkOperation" SET done = greatest(done, ${done}), "updatedAt" = now()
    WHERE id = ${id}::uuid AND state = 'running'`;
  return changed === 1;
}

/** A file of a download is whole. @returns false when the operation was cancelled, or this file was written before */
export async function addBulkFile(
  db: Db,
  op: BulkRow,
  file: BulkFile | null,
  reached: { cursor: string; done: number; skipped: number },
): Promise<boolean> {
  const same = op.cursor === null ? Prisma.sql`cursor IS NULL` : Prisma.sql`cursor = ${op.cursor}::uuid`;
  const changed = await db.prisma.$executeRaw(Prisma.sql`
    UPDATE "BulkOperation" SET files = files || ${JSON.stringify(file ? [file] : [])}::jsonb, cursor = ${reached.cursor}::uuid,
      done = ${reached.done}, reached = ${reached.done}, skipped = skipped + ${reached.skipped}, "updatedAt" = now()
    WHERE id = ${op.id}::uuid AND state = 'running' AND ${same}`);
  return changed === 1;
}

/** Operations whose queue work was lost. Their age starts again, so that each is found once in a while only. */
export async function findForgottenBulk(db: Db, olderThanMs: number, limit: number): Promise<string[]> {
  const before = new Date(Date.now() - olderThanMs);
  const where = { endedAt: null, updatedAt: { lt: before } };
  const rows = await db.prisma.bulkOperation.findMany({ where, select: { id: true }, take: limit });
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0)
    await db.prisma.bulkOperation.updateMany({ where: { id: { in: ids } }, data: { updatedAt: new Date() } });
  return ids;
}

/** Ended operations whose files may still be in the store. */
export async function findBulkWithOldFiles(
  db: Db,
  endedBefore: Date,
  limit: number,
): Promise<{ id: string; userId: string }[]> {
  return db.prisma.bulkOperation.findMany({
    where: { kind: 'download', endedAt: { lt: endedBefore } },
    select: { id: true, userId: true },
    take: limit,
  });
}

/** Operations that nobody can undo or fetch any more. */
export async function removeBulk(db: Db, where: { ids: string[] } | { endedBefore: Date }): Promise<void> {
  await db.prisma.bulkOperation.deleteMany({
    where:
      'ids' in where ? { id: { in: where.ids } } : { endedAt: { lt: where.endedBefore }, kind: { not: 'download' } },
  });
}
