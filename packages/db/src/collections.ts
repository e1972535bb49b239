/** Collections: named sets of a person's images. */
import type { Db } from './client.ts';

export type CollectionRow = { id: string; name: string; createdAt: Date; count: number; coverImageId: string | null };

/** What a collection shows counts: not what is deleted, failed, or hidden with its model. */
const SHOWN = `FROM "CollectionImage" ci JOIN "Image" i ON i.id = ci."imageId" JOIN "Model" m ON m.id = i."modelId"
  WHERE ci."collectionId" = c.id AND i."deletedAt" IS NULL AND i.state = 'ready' AND m."deletedAt" IS NULL`;

/** Newest first. */
export async function listCollections(db: Db, userId: string, limit: number): Promise<CollectionRow[]> {
  return db.prisma.$queryRawUnsafe<CollectionRow[]>(
    `SELECT c.id, c.name, c."createdAt", (SELECT count(*)::int ${SHOWN}) AS count,
       (SELECT i.id ${SHOWN} ORDER BY ci."imageId" DESC LIMIT 1) AS "coverImageId"
     FROM "Collection" c WHERE c."userId" = $1::uuid AND c."deletedAt" IS NULL ORDER BY c.id DESC LIMIT $2`,
    userId,
    limit,
  );
}

/** Deleted after `since`, the last one first. */
export async function listDeletedCollections(
  db: Db,
  userId: string,
  since: Date,
  limit: number,
): Promise<{ id: string; name: string; deletedAt: Date | null }[]> {
  return db.prisma.collection.findMany({
    where: { userId, deletedAt: { gt: since } },
    select: { id: true, name: true, deletedAt: true },
    orderBy: { deletedAt: 'desc' },
    take: limit,
  });
}

/** @returns false when the person has `limit` collections already */
export async function insertCollection(
  db: Db,
  collection: { id: string; userId: string; name: string },
  limit: number,
): Promise<boolean> {
  return db.prisma.$transaction(async (tx) => {
    // Two at once must not both be the last one.
    await tx.$executeRaw`SELECT 1 FROM "User" WHERE id = ${collection.userId}::uuid FOR NO KEY UPDATE`;
    if ((await tx.collection.count({ where: { userId: collection.userId, deletedAt: null } })) >= limit) return false;
    await tx.collection.create({ data: collection });
    return true;
  });
}

/** @returns null for absent, foreign and deleted collections alike */
export async function findOwnCollection(db: Db, userId: string, id: string): Promise<{ id: string } | null> {
  return db.prisma.collection.findFirst({ where: { id, userId, deletedAt: null }, select: { id: true } });
}

/** @returns whether there is such a collection */
export async function renameCollection(db: Db, userId: string, id: string, name: string): Promise<boolean> {
  return (
    (await db.prisma.collection.updateMany({ where: { id, userId, deletedAt: null }, data: { name } })).count === 1
  );
}

/** Its images stay where they are. @returns whether there was such a collection */
export async function softDeleteCollection(db: Db, userId: string, id: string): Promise<boolean> {
  const where = { id, userId, deletedAt: null };
  return (await db.prisma.collection.updateMany({ where, data: { deletedAt: new Date() } })).count === 1;
}

/** @returns whether there is such a collection, deleted after `since` */
export async function restoreCollection(db: Db, userId: string, id: string, since: Date): Promise<boolean> {
  const where = { id, userId, deletedAt: { gt: since } };
  return (await db.prisma.collection.updateMany({ where, data: { deletedAt: null } })).count === 1;
}

/** Foreign and absent images are passed over, and those that are in it already. @returns how many came in */
export async function addToCollection(db: Db, userId: string, collectionId: string, ids: string[]): Promise<number> {
  const owned = await db.prisma.image.findMany({ where: { id: { in: ids }, userId }, select: { id: true } });
  const data = owned.map(({ id }) => ({ collectionId, imageId: id }));
  return (await db.prisma.collectionImage.createMany({ data, skipDuplicates: true })).count;
}

/** @returns how many were taken out */
export async function takeFromCollection(db: Db, userId: string, collectionId: string, ids: string[]): Promise<number> {
  const where = { collectionId, imageId: { in: ids }, collection: { userId } };
  return (await db.prisma.collectionImage.deleteMany({ where })).count;
}

/** Collections past their time, for the sweep. */
export async function removeDeletedCollections(db: Db, deletedBefore: Date): Promise<void> {
  await db.prisma.collection.deleteMany({ where: { deletedAt: { lt: deletedBefore } } });
}
