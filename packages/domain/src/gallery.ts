/** The gallery: lists of images by filter, marks, collections, and acts on many images at once. */
import { z } from 'zod';
import { id, idempotencyKey, isoTime, page, pageInput, plainText } from './common.ts';
import { drawSettings, imageView } from './generation.ts';
import { LIMITS } from './limits.ts';

const yesNo = z.stringbool().or(z.boolean());
const number = z.coerce.number().int();
export const rating = number.min(LIMITS.rating.min).max(LIMITS.rating.max);
export const orientation = z.enum(['portrait', 'landscape', 'square']);

/** What narrows a list of images; all parts must hold. */
const filterParts = {
  modelId: id.optional(),
  generationId: id.optional(),
  /** Slug of a pack, any version of it. */
  pack: plainText(0, 80).optional(),
  collectionId: id.optional(),
  favourite: yesNo.optional(),
  /** Rated so or better. */
  minRating: rating.optional(),
  orientation: orientation.optional(),
  /** Words of the prompt, in any order; each may be the beginning of one. */
  search: plainText(0, LIMITS.search.max).optional(),
  /** Ordered at or after this moment, and before that one. */
  from: isoTime.optional(),
  before: isoTime.optional(),
  /** The trash: deleted in the last 30 days. */
  deleted: yesNo.default(false),
};
export const imageFilter = z.strictObject(filterParts);
export type ImageFilterInput = z.infer<typeof imageFilter>;

export const listImagesInput = pageInput.extend({
  ...filterParts,
  /** Images to pass over, for page numbers; with a cursor, counted from there. */
  offset: number.min(0).max(10_000_000).default(0),
});
export type ListImagesInput = z.infer<typeof listImagesInput>;
export const imagePage = page(imageView);

export const listFramesInput = listImagesInput.extend({
  limit: number.min(1).max(LIMITS.frames.max).default(LIMITS.frames.default),
});
export type ListFramesInput = z.infer<typeof listFramesInput>;
/** `[id, width, height]`: what a layout needs of an image, without the names that thousands of them would repeat. */
export const imageFrame = z.tuple([id, z.int(), z.int()]);
export type ImageFrame = z.infer<typeof imageFrame>;
export const framePage = page(imageFrame);

/** `readAt`: the server's time, to say later "only what was there then". */
export const imageCountView = z.object({ total: z.int(), readAt: isoTime });

export const imagesByIdInput = z.strictObject({ ids: z.array(id).min(1).max(LIMITS.page.max) });
export const imageList = z.object({ items: z.array(imageView) });
export const neighboursInput = z.strictObject({ ...filterParts, id });
export const neighboursView = z.object({ before: id.nullable(), after: id.nullable() });

/** An image with everything it was made from. */
export const imageDetailView = imageView.extend({
  modelName: z.string(),
  settings: drawSettings,
  pack: z.object({ slug: z.string(), name: z.string(), version: z.int() }).nullable(),
  collections: z.array(z.object({ id, name: z.string() })),
});
export type ImageDetailView = z.infer<typeof imageDetailView>;

export const favouriteInput = z.strictObject({ id, favourite: z.boolean() });
export const rateInput = z.strictObject({ id, rating: rating.nullable() });
export const bulkResult = z.object({ changed: z.int() });

const collectionName = plainText(LIMITS.name.min, LIMITS.name.max);
export const createCollectionInput = z.strictObject({ name: collectionName });
export const renameCollectionInput = z.strictObject({ id, name: collectionName });
export const collectionImagesInput = z.strictObject({ id, ids: z.array(id).min(1).max(LIMITS.bulk.max) });
export const collectionView = z.object({
  id,
  name: z.string(),
  count: z.int(),
  coverImageId: id.nullable(),
  createdAt: isoTime,
});
export type CollectionView = z.infer<typeof collectionView>;
export const collectionList = z.object({ items: z.array(collectionView) });

export const deletedCollectionList = z.object({
  items: z.array(z.object({ id, name: z.string(), deletedAt: isoTime })),
});

/** Images by name, or all that match a filter and were there at a moment, but for some. */
export const imageSelection = z.union([
  z.strictObject({ ids: z.array(id).min(1).max(LIMITS.selection.max) }),
  z.strictObject({ matching: imageFilter, except: z.array(id).max(LIMITS.selection.max), madeBefore: isoTime }),
]);
export type ImageSelection = z.infer<typeof imageSelection>;

export const bulkKind = z.enum(['download', 'delete', 'restore', 'collect']);
export const startBulkInput = z.strictObject({
  kind: bulkKind,
  selection: imageSelection,
  /** For kind `collect`. */
  collectionId: id.optional(),
  idempotencyKey,
});
export type StartBulkInput = z.infer<typeof startBulkInput>;
export const undoBulkInput = z.strictObject({ id, idempotencyKey });
export const bulkView = z.object({
  id,
  kind: bulkKind,
  state: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
  total: z.int(),
  done: z.int(),
  /** Images that were not in the store any more, or of which it had no picture. */
  skipped: z.int(),
  /** Of a finished download; they can be fetched until `expiresAt`. */
  files: z.array(z.object({ name: z.string(), sizeBytes: z.int() })),
  expiresAt: isoTime.nullable(),
  /** Why it ended badly, in words. */
  failure: z.string().nullable(),
  failureCode: z.string().nullable(),
  createdAt: isoTime,
  endedAt: isoTime.nullable(),
});
export type BulkView = z.infer<typeof bulkView>;
export const bulkList = z.object({ items: z.array(bulkView) });
export const bulkFileInput = z.strictObject({ id, file: number.min(0).max(1000) });
