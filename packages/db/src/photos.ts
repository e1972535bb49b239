/** Photos of a model, from the announced upload to the validated copy. */
import { compareLooks, newId, type PhotoLook } from '@pixgen/domain';
import type { Db } from './client.ts';
import { isUniqueViolation } from './faults.ts';
import type { Prisma } from './generated/client.ts';

export type PhotoRow = Prisma.PhotoGetPayload<Record<string, never>>;
export type NewPhoto = Pick<PhotoRow, 'id' | 'userId' | 'modelId' | 'fileName' | 'contentType' | 'sizeBytes'>;
export type PhotoVerdict =
  | {
      state: 'ready';
      sourceSha256: string;
      sha256: string;
      sizeBytes: number;
      width: number;
      height: number;
      look: PhotoLook;
    }
  | { state: 'refused'; refusalCode: string; sourceSha256: string | null };

/** Photos that count against a set's limit; an upload that was never finished stops counting when its URL has expired. */
function usable(modelId: string, uploadSince: Date): Prisma.PhotoWhereInput {
  const waiting = { state: 'uploading', createdAt: { gt: uploadSince } };
  return { modelId, deletedAt: null, OR: [{ state: { in: ['checking', 'ready'] } }, waiting] };
}

/** Counting and writing happen under the model's row lock: parallel calls cannot pass the limit together. */
async function lockModel(tx: Prisma.TransactionClient, modelId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM "Model" WHERE id = ${modelId}::uuid FOR UPDATE`;
}

/**
 * Bytes that a person's things take in the store: photos until they are gone for good, announced ones too, images, weights.
 * Small versions and checkpoints are not counted: they come and go by themselves.
 */
async function storedBytes(tx: Prisma.TransactionClient, userId: string): Promise<number> {
  const [row] = await tx.$queryRaw<{ bytes: bigint }[]>`SELECT (
      COALESCE((SELECT SUM("sizeBytes") FROM "Photo" WHERE "userId" = ${userId}::uuid AND state <> 'refused'), 0)
    + COALESCE((SELECT SUM("sizeBytes") FROM "Image" WHERE "userId" = ${userId}::uuid), 0)
    + COALESCE((SELECT SUM(w."sizeBytes" * CASE WHEN w."kohyaStorageKey" IS NULL THEN 1 ELSE 2 END::bigint)
        FROM "Weights" w JOIN "Model" m ON m.id = w."modelId" WHERE m."userId" = ${userId}::uuid), 0)
    )::bigint AS bytes`;
  return Number(row?.bytes ?? 0n);
}

/** @returns `full` when the set is full; the bytes in use when the photo does not fit beside them */
export async function insertPhoto(
  db: Db,
  photo: NewPhoto,
  limit: { photos: number; uploadSince: Date; storageBytes: number | null },
): Promise<PhotoRow | 'full' | { usedBytes: number }> {
  return db.prisma.$transaction(async (tx) => {
    if (limit.storageBytes !== null) {
      // Parallel announcements for several models cannot pass the limit together. The account's own row is left to the money.
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`storage ${photo.userId}`}, 0))::text`;
      const usedBytes = await storedBytes(tx, photo.userId);
      if (usedBytes + photo.sizeBytes > limit.storageBytes) return { usedBytes };
    }
    await lockModel(tx, photo.modelId);
    if ((await tx.photo.count({ where: usable(photo.modelId, limit.uploadSince) })) >= limit.photos) return 'full';
    return tx.photo.create({ data: photo });
  });
}

/** @returns null for absent, foreign and deleted photos (or photos of deleted models) alike */
export async function findOwnPhoto(db: Db, userId: string, id: string): Promise<PhotoRow | null> {
  return db.prisma.photo.findFirst({ where: { id, userId, deletedAt: null, model: { deletedAt: null } } });
}

/** For the worker, which acts for nobody in particular. */
export async function findPhoto(db: Db, id: string): Promise<PhotoRow | null> {
  return db.prisma.photo.findUnique({ where: { id } });
}

/** Photos of a model in the order they were added, without deleted ones. */
/** Usable ones that were removed after `since`, the last one first. */
export async function listRemovedPhotos(
  db: Db,
  of: { userId: string; modelId: string },
  since: Date,
  limit: number,
): Promise<PhotoRow[]> {
  const where = { ...of, state: 'ready', deletedAt: { gt: since } };
  return db.prisma.photo.findMany({ where, orderBy: { deletedAt: 'desc' }, take: limit });
}

export async function listPhotos(db: Db, userId: string, modelId: string, limit: number): Promise<PhotoRow[]> {
  return db.prisma.photo.findMany({ where: { userId, modelId, deletedAt: null }, orderBy: { id: 'asc' }, take: limit });
}

/**
 * The upload is there: the photo waits for its check, whose task is written in the same transaction. Repeating the call
 * changes nothing.
 *
 * @returns `full` when other photos took the last places of the set meanwhile
 */
export async function startPhotoCheck(
  db: Db,
  photo: PhotoRow,
  limit: { photos: number },
): Promise<'started' | 'already' | 'full'> {
  return db.prisma.$transaction(async (tx) => {
    await lockModel(tx, photo.modelId);
    if ((await tx.photo.count({ where: usable(photo.modelId, new Date()) })) >= limit.photos) return 'full';
    const moved = await tx.photo.updateMany({
      where: { id: photo.id, state: 'uploading' },
      data: { state: 'checking' },
    });
    if (moved.count === 0) return 'already';
    // By the database's clock, as the relay reads it: Prisma would write the time of this process, which may be minutes ahead.
    await tx.$executeRaw`INSERT INTO "Outbox" (id, task, payload)
      VALUES (${newId()}::uuid, 'check-photo', jsonb_build_object('photoId', ${photo.id}::uuid))`;
    return 'started';
  });
}

/**
 * Photos whose check was forgotten: their task was lost with the queue. Their age starts again, so that each is found once
 * in a while only.
 */
export async function findForgottenPhotos(db: Db, olderThanMs: number, limit: number): Promise<string[]> {
  const before = new Date(Date.now() - olderThanMs);
  const rows = await db.prisma.photo.findMany({
    where: { state: 'checking', updatedAt: { lt: before } },
    select: { id: true },
    orderBy: { updatedAt: 'asc' },
    take: limit,
  });
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) {
    await db.prisma.photo.updateMany({ where: { id: { in: ids } }, data: { updatedAt: new Date() } });
  }
  return ids;
}

/** @returns whether the set holds a validated photo made from the same bytes */
export async function hasPhotoOfSource(db: Db, modelId: string, sourceSha256: string): Promise<boolean> {
  const where = { modelId, sourceSha256, state: 'ready', deletedAt: null };
  return (await db.prisma.photo.count({ where, take: 1 })) > 0;
}

/**
 * Writes the verdict once: a repeated check of one photo changes nothing. Photos of one set become ready one after the
 * other, so that of two that look the same only one does.
 *
 * @returns `duplicate` when the same bytes became ready in this set meanwhile, `near-duplicate` when practically the same
 *   picture did; nothing was written then
 */
export async function writePhotoVerdict(
  db: Db,
  photo: { id: string; modelId: string },
  verdict: PhotoVerdict,
): Promise<'written' | 'already' | 'duplicate' | 'near-duplicate'> {
  try {
    return await db.prisma.$transaction(async (tx) => {
      if (verdict.state === 'ready') {
        await lockModel(tx, photo.modelId);
        const found = await findLookAlike(tx, photo, verdict);
        if (found) return found;
      }
      const written = await tx.photo.updateMany({ where: { id: photo.id, state: 'checking' }, data: verdict });
      return written.count === 1 ? 'written' : 'already';
    });
  } catch (error) {
    if (isUniqueViolation(error)) return 'duplicate';
    throw error;
  }
}

/** How another ready photo of the set stands in the way of this one: made from the same bytes, or practically the same picture. */
async function findLookAlike(
  tx: Prisma.TransactionClient,
  photo: { id: string; modelId: string },
  { sourceSha256, look }: { sourceSha256: string | null; look: PhotoLook },
): Promise<'duplicate' | 'near-duplicate' | null> {
  const where = { modelId: photo.modelId, state: 'ready', deletedAt: null, id: { not: photo.id } };
  const others = await tx.photo.findMany({ where, select: { sourceSha256: true, look: true } });
  if (sourceSha256 !== null && others.some((other) => other.sourceSha256 === sourceSha256)) return 'duplicate';
  const alike = others.some((other) => other.look !== null && compareLooks(look, other.look as PhotoLook) === 'same');
  return alike ? 'near-duplicate' : null;
}

export async function softDeletePhoto(db: Db, userId: string, id: string): Promise<void> {
  await db.prisma.photo.updateMany({ where: { id, userId, deletedAt: null }, data: { deletedAt: new Date() } });
}

/** Undoes a delete while there is room and the same photo was not added again. */
export async function restorePhoto(
  db: Db,
  userId: string,
  id: string,
  limit: { photos: number; deletedSince: Date; uploadSince: Date },
): Promise<PhotoRow | 'absent' | 'full' | 'duplicate'> {
  try {
    return await db.prisma.$transaction(async (tx) => {
      const where = { id, userId, deletedAt: { gt: limit.deletedSince }, model: { deletedAt: null } };
      const photo = await tx.photo.findFirst({ where });
      if (!photo) return 'absent';
      await lockModel(tx, photo.modelId);
      const counts = photo.state !== 'refused';
      if (counts && (await tx.photo.count({ where: usable(photo.modelId, limit.uploadSince) })) >= limit.photos)
        return 'full';
      const { sourceSha256, look } = photo;
      if (counts && look !== null && (await findLookAlike(tx, photo, { sourceSha256, look: look as PhotoLook })))
        return 'duplicate';
      return tx.photo.update({ where: { id }, data: { deletedAt: null } });
    });
  } catch (error) {
    if (isUniqueViolation(error)) return 'duplicate';
    throw error;
  }
}
