/** Finished images. Written by the apply step; here they are found, counted, marked and deleted. */
import type { Db } from './client.ts';
import { Prisma } from './generated/client.ts';

export type ImageRow = Prisma.ImageGetPayload<Record<string, never>>;
/** What a layout needs of an image. */
export type FrameRow = Pick<ImageRow, 'id' | 'width' | 'height'>;
export type ImageFilter = {
  modelId?: string | undefined;
  generationId?: string | undefined;
  packSlug?: string | undefined;
  collectionId?: string | undefined;
  favourite?: boolean | undefined;
  minRating?: number | undefined;
  orientation?: 'portrait' | 'landscape' | 'square' | undefined;
  /** Each begins a word of the prompt; letters and digits only. */
  words?: readonly string[] | undefined;
  /** Only these; see {@link findByWords}. */
  ids?: readonly string[] | undefined;
  /** Ids carry the time of the order: images from this id on, and before that one. */
  fromId?: string | undefined;
  beforeId?: string | undefined;
  /** Images deleted after this time; null: images that are not deleted. */
  deletedSince: Date | null;
};
export type ImagePage = { before: string | null; limit: number; offset?: number };

/** The condition of a filter on `"Image" i`, for one person. */
export function matching(userId: string, filter: ImageFilter): Prisma.Sql {
  const all = [
    Prisma.sql`i."userId" = ${userId}::uuid`,
    // Images of a deleted model are hidden with it.
    Prisma.sql`EXISTS (SELECT 1 FROM "Model" m WHERE m.id = i."modelId" AND m."deletedAt" IS NULL)`,
    filter.deletedSince === null
      ? Prisma.sql`i."deletedAt" IS NULL`
      : Prisma.sql`i."deletedAt" > ${filter.deletedSince}`,
    // The gallery shows pictures; a generation also shows what failed.
    filter.generationId === undefined
      ? Prisma.sql`i.state = 'ready'`
      : Prisma.sql`i."generationId" = ${filter.generationId}::uuid`,
  ];
  if (filter.modelId !== undefined) all.push(Prisma.sql`i."modelId" = ${filter.modelId}::uuid`);
  if (filter.packSlug !== undefined)
    all.push(Prisma.sql`i."generationId" IN (SELECT g.id FROM "Generation" g
      JOIN "PackVersion" v ON v.id = g."packVersionId" JOIN "Pack" p ON p.id = v."packId"
      WHERE g."userId" = ${userId}::uuid AND p.slug = ${filter.packSlug})`);
  if (filter.collectionId !== undefined)
    all.push(Prisma.sql`i.id IN (SELECT ci."imageId" FROM "CollectionImage" ci
      JOIN "Collection" c ON c.id = ci."collectionId"
      WHERE c.id = ${filter.collectionId}::uuid AND c."userId" = ${userId}::uuid AND c."deletedAt" IS NULL)`);
  if (filter.favourite !== undefined)
    all.push(filter.favourite ? Prisma.sql`i.favourite` : Prisma.sql`NOT i.favourite`);
  if (filter.minRating !== undefined) all.push(Prisma.sql`i.rating IS NOT NULL AND i.rating >= ${filter.minRating}`);
  if (filter.orientation === 'portrait') all.push(Prisma.sql`i.height > i.width`);
  if (filter.orientation === 'landscape') all.push(Prisma.sql`i.width > i.height`);
  if (filter.orientation === 'square') all.push(Prisma.sql`i.width = i.height`);
  if (filter.ids !== undefined) all.push(Prisma.sql`i.id = ANY (${[...filter.ids]}::uuid[])`);
  if (filter.words && filter.words.length > 0) all.push(hasWords(filter.words));
  if (filter.fromId !== undefined) all.push(Prisma.sql`i.id >= ${filter.fromId}::uuid`);
  if (filter.beforeId !== undefined) all.push(Prisma.sql`i.id < ${filter.beforeId}::uuid`);
  return Prisma.join(all, ' AND ');
}

function hasWords(words: readonly string[]): Prisma.Sql {
  const query = words.map((word) => `'${word}':*`).join(' & ');
  return Prisma.sql`to_tsvector('simple', i.prompt) @@ to_tsquery('simple', ${query})`;
}

/** More matches than this are met soon while walking the newest images. */
const FEW = 2_000;

/** The search of {@link findByWords} as SQL: shared with the test that reads its plan. */
export function wordsSql(userId: string, words: readonly string[]): Prisma.Sql {
  return Prisma.sql`SELECT i.id FROM "Image" i WHERE i."userId" = ${userId}::uuid AND ${hasWords(words)} LIMIT ${FEW + 1}`;
}

/**
 * Looks words up first. Few matches become the list itself; many leave the filter as it is. Postgres cannot tell the two
 * apart: it takes the beginning of any word for as frequent as one in two hundred images, and would walk through all of
 * them for a word that ten have.
 */
export async function findByWords(db: Db, userId: string, filter: ImageFilter): Promise<ImageFilter> {
  const { words, ...rest } = filter;
  if (!words || words.length === 0) return filter;
  const rows = await db.prisma.$queryRaw<{ id: string }[]>(wordsSql(userId, words));
  return rows.length > FEW ? filter : { ...rest, ids: rows.map(({ id }) => id) };
}

/** One page, newest first, as SQL: shared with the test that reads its plan. */
export function imagePageSql(userId: string, filter: ImageFilter, page: ImagePage, columns = Prisma.sql`i.*`) {
  const before = page.before === null ? Prisma.empty : Prisma.sql`AND i.id < ${page.before}::uuid`;
  return Prisma.sql`SELECT ${columns} FROM "Image" i WHERE ${matching(userId, filter)} ${before}
    ORDER BY i.id DESC LIMIT ${page.limit} OFFSET ${page.offset ?? 0}`;
}

/** Newest first. */
export async function listImages(db: Db, userId: string, filter: ImageFilter, page: ImagePage): Promise<ImageRow[]> {
  return db.prisma.$queryRaw<ImageRow[]>(imagePageSql(userId, await findByWords(db, userId, filter), page));
}

/** The same list, sizes only. */
export async function listFrames(db: Db, userId: string, filter: ImageFilter, page: ImagePage): Promise<FrameRow[]> {
  const columns = Prisma.sql`i.id, i.width, i.height`;
  return db.prisma.$queryRaw<FrameRow[]>(imagePageSql(userId, await findByWords(db, userId, filter), page, columns));
}

export async function countImages(db: Db, userId: string, filter: ImageFilter): Promise<number> {
  const [row] = await db.prisma.$queryRaw<{ count: number }[]>(
    Prisma.sql`SELECT count(*)::int AS count FROM "Image" i WHERE ${matching(userId, filter)}`,
  );
  return row?.count ?? 0;
}

/** The images before (newer) and after (older) one in the same list; the image itself need not be in it. */
export async function findNeighbours(
  db: Db,
  userId: string,
  filter: ImageFilter,
  id: string,
): Promise<{ before: string | null; after: string | null }> {
  const where = matching(userId, await findByWords(db, userId, filter));
  const rows = await db.prisma.$queryRaw<{ side: string; id: string }[]>(Prisma.sql`
    (SELECT 'before' AS side, i.id FROM "Image" i WHERE ${where} AND i.id > ${id}::uuid ORDER BY i.id LIMIT 1)
    UNION ALL
    (SELECT 'after' AS side, i.id FROM "Image" i WHERE ${where} AND i.id < ${id}::uuid ORDER BY i.id DESC LIMIT 1)`);
  const on = (side: string): string | null => rows.find((row) => row.side === side)?.id ?? null;
  return { before: on('before'), after: on('after') };
}

/** Those of these images that are the person's, in no order. Deleted ones too. */
export async function findOwnImages(db: Db, userId: string, ids: readonly string[]): Promise<ImageRow[]> {
  return db.prisma.image.findMany({ where: { id: { in: [...ids] }, userId, model: { deletedAt: null } } });
}

/** Deleted ones too: the trash shows them. @returns null for absent and foreign images alike */
export async function findOwnImage(db: Db, userId: string, id: string): Promise<ImageRow | null> {
  return db.prisma.image.findFirst({ where: { id, userId, model: { deletedAt: null } } });
}

const RECIPE = {
  generation: { include: { packVersion: { include: { pack: { select: { slug: true, name: true } } } } } },
  model: { select: { name: true } },
  collections: {
    where: { collection: { deletedAt: null } },
    select: { collection: { select: { id: true, name: true } } },
    orderBy: { collectionId: 'desc' },
  },
} as const satisfies Prisma.ImageInclude;
export type ImageDetailRow = Prisma.ImageGetPayload<{ include: typeof RECIPE }>;

/** The same with what it was made from. */
export async function findImageDetail(db: Db, userId: string, id: string): Promise<ImageDetailRow | null> {
  return db.prisma.image.findFirst({ where: { id, userId, model: { deletedAt: null } }, include: RECIPE });
}

/** @returns whether there is such an image */
export async function markImage(
  db: Db,
  userId: string,
  id: string,
  mark: { favourite: boolean } | { rating: number | null },
): Promise<boolean> {
  return (await db.prisma.image.updateMany({ where: { id, userId, deletedAt: null }, data: mark })).count === 1;
}

/** Kept with the image once somebody has drawn it. */
export async function saveThumbhash(db: Db, id: string, thumbhash: Uint8Array<ArrayBuffer>): Promise<void> {
  await db.prisma.image.updateMany({ where: { id, thumbhash: null }, data: { thumbhash } });
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
