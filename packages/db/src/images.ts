/** Finished images. Written by the apply step; here they are listed, marked and deleted. */
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';

export type ImageRow = Prisma.ImageGetPayload<Record<string, never>>;
export type ImageFilter = {
  modelId?: string | undefined;
  generationId?: string | undefined;
  favourite?: boolean | undefined;
  /** Images deleted after this time; null: images that are not deleted. */
  deletedSince: Date | null;
};

/** Newest first. Images of a deleted model are hidden with it. */
export async function listImages(
  db: Db,
  userId: string,
  filter: ImageFilter,
  page: { before: string | null; limit: number },
): Promise<ImageRow[]> {
  const where: Prisma.ImageWhereInput = {
    userId,
    model: { deletedAt: null },
    deletedAt: filter.deletedSince === null ? null : { gt: filter.deletedSince },
  };
  if (page.before !== null) where.id = { lt: page.before };
  if (filter.modelId !== undefined) where.modelId = filter.modelId;
  if (filter.favourite !== undefined) where.favourite = filter.favourite;
  // The gallery shows pictures; a generation also shows what failed.
  if (filter.generationId === undefined) where.state = 'ready';
  else where.generationId = filter.generationId;
  return db.prisma.image.findMany({ where, orderBy: { id: 'desc' }, take: page.limit });
}

/** Deleted ones too: the trash shows them. @returns null for absent and foreign images alike */
export async function findOwnImage(db: Db, userId: string, id: string): Promise<ImageRow | null> {
  return db.prisma.image.findFirst({ where: { id, userId, model: { deletedAt: null } } });
}

/** @returns whether there is such an image */
export async function markFavourite(db: Db, userId: string, id: string, favourite: boolean): Promise<boolean> {
  return (
    (await db.prisma.image.updateMany({ where: { id, userId, deletedAt: null }, data: { favourite } })).count === 1
  );
}

/** Foreign and absent ids are passed over. @returns how many images changed */
export async function softDeleteImages(db: Db, userId: string, ids: string[]): Promise<number> {
  const where = { id: { in: ids }, userId, deletedAt: null };
  return (await db.prisma.image.updateMany({ where, data: { deletedAt: new Date() } })).count;
}

/** @param since images deleted before it are past their time */
export async function restoreImages(db: Db, userId: string, ids: string[], since: Date): Promise<number> {
  const where = { id: { in: ids }, userId, deletedAt: { gt: since } };
  return (await db.prisma.image.updateMany({ where, data: { deletedAt: null } })).count;
}
