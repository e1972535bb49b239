/** What the daily sweep looks for: deleted things past their time, and objects or rows that nothing needs any more. */
import { appendAudit } from './audit.ts';
import type { Db } from './client.ts';
import { ERASED_AT } from './erasures.ts';

export async function findPurgeableModels(db: Db, deletedBefore: Date, limit: number) {
  return db.prisma.model.findMany({
    where: { deletedAt: { lt: deletedBefore, gt: ERASED_AT } },
    select: { id: true, userId: true, photos: { select: { id: true } }, jobs: { select: { id: true } } },
    take: limit,
  });
}

/** Rows go last, and take everything below the model with them. */
export async function removeModel(db: Db, id: string): Promise<void> {
  await db.prisma.model.deleteMany({ where: { id, deletedAt: { not: null } } });
}

/** Photos past their time, and uploads that were never completed. */
export async function findPurgeablePhotos(db: Db, deletedBefore: Date, abandonedBefore: Date, limit: number) {
  return db.prisma.photo.findMany({
    where: {
      OR: [
        { deletedAt: { lt: deletedBefore, gt: ERASED_AT } },
        { state: 'uploading', createdAt: { lt: abandonedBefore } },
      ],
    },
    select: { id: true, userId: true, modelId: true },
    take: limit,
  });
}

export async function removePhotos(db: Db, ids: string[]): Promise<void> {
  await db.prisma.photo.deleteMany({ where: { id: { in: ids } } });
}

export type RetainedPhoto = { id: string; userId: string; modelId: string };

/** Photos of models that were trained with them before this, and are not being trained again. */
export async function findPhotosPastRetention(db: Db, trainedBefore: Date, limit: number): Promise<RetainedPhoto[]> {
  const { rows } = await db.pool.query<RetainedPhoto>(
    `SELECT p.id, p."userId", p."modelId"
     FROM (SELECT "modelId", max("createdAt") AS at FROM "Weights" WHERE final AND NOT lost GROUP BY "modelId") w
     JOIN "Photo" p ON p."modelId" = w."modelId" AND p."createdAt" < w.at
     WHERE w.at < $1 AND NOT EXISTS (SELECT 1 FROM "LiveJob" l WHERE l."modelId" = w."modelId")
     ORDER BY p.id LIMIT $2`,
    [trainedBefore, limit],
  );
  return rows;
}

/** Rows of photos whose objects are gone, with a line in the audit log for each person. */
export async function removePhotosPastRetention(db: Db, photos: RetainedPhoto[]): Promise<void> {
  for (const [userId, own] of Map.groupBy(photos, (photo) => photo.userId)) {
    await db.prisma.$transaction(async (tx) => {
      const { count } = await tx.photo.deleteMany({ where: { id: { in: own.map(({ id }) => id) } } });
      if (count === 0) return;
      await appendAudit(tx, {
        action: 'retention.erased',
        actorId: null,
        subjectId: userId,
        detail: { photos: count },
      });
    });
  }
}

export async function findPurgeableImages(db: Db, deletedBefore: Date, limit: number) {
  return db.prisma.image.findMany({
    where: { deletedAt: { lt: deletedBefore }, storageKey: { not: null } },
    select: { id: true, storageKey: true },
    take: limit,
  });
}

/** A line stays where the image was, so that its generation never draws it again. */
export async function emptyImages(db: Db, ids: string[]): Promise<void> {
  await db.prisma.image.updateMany({
    where: { id: { in: ids } },
    data: { state: 'failed', failureCode: 'DELETED', storageKey: null, sizeBytes: null, sha256: null },
  });
}

/** Jobs that ended before `endedBefore` and whose objects were not looked at yet, with the keys that must stay. */
export async function findUnsweptJobs(
  db: Db,
  endedBefore: Date,
  limit: number,
): Promise<{ id: string; userId: string; keep: string[] }[]> {
  const rows = await db.prisma.unsweptJob.findMany({
    where: { job: { endedAt: { lt: endedBefore } } },
    select: { job: { select: { id: true, userId: true, state: true, trainingId: true, generationId: true } } },
    orderBy: { jobId: 'asc' },
    take: limit,
  });
  return Promise.all(
    rows.map(async ({ job: { id, userId, state, trainingId, generationId } }) => {
      const images = generationId
        ? await db.prisma.image.findMany({
            where: { generationId, storageKey: { not: null } },
            select: { storageKey: true },
          })
        : [];
      const weights = trainingId
        ? await db.prisma.weights.findMany({
            // Of a training that came to nothing the checkpoints are of no use.
            where: { trainingId, ...(state === 'succeeded' ? {} : { NOT: checkpointsOf(id) }) },
            select: { storageKey: true, kohyaStorageKey: true },
          })
        : [];
      const samples = trainingId
        ? await db.prisma.sample.findMany({ where: { trainingId }, select: { storageKey: true } })
        : [];
      const kohya = weights.flatMap((row) => row.kohyaStorageKey ?? []);
      return {
        id,
        userId,
        keep: [...kohya, ...[...images, ...weights, ...samples].flatMap((row) => row.storageKey ?? [])],
      };
    }),
  );
}

const checkpointsOf = (jobId: string) => ({ jobId, final: false });

export async function markSwept(db: Db, jobId: string): Promise<void> {
  // Nothing was ever drawn with them: only a training that succeeded offers its checkpoints.
  await db.prisma.weights.deleteMany({ where: { ...checkpointsOf(jobId), job: { state: { not: 'succeeded' } } } });
  await db.prisma.unsweptJob.deleteMany({ where: { jobId } });
}

/** Rows that only mattered for a while: events of ended jobs, idempotency keys, ended sessions, used links. */
export async function removeExpiredRows(db: Db, before: Date): Promise<void> {
  await db.pool.query(
    'DELETE FROM "GpuEvent" e WHERE e."receivedAt" < $1 AND NOT EXISTS (SELECT 1 FROM "LiveJob" l WHERE l."jobId" = e."jobId")',
    [before],
  );
  await db.prisma.idempotencyKey.deleteMany({ where: { createdAt: { lt: before } } });
  await db.prisma.session.deleteMany({ where: { expiresAt: { lt: before } } });
  await db.prisma.invite.deleteMany({ where: { expiresAt: { lt: before } } });
  await db.prisma.erasedSubject.deleteMany({ where: { createdAt: { lt: before } } });
}
