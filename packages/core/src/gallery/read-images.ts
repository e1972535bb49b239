import {
  countImages as countRows,
  findImageDetail,
  findOwnImages,
  findNeighbours as findRows,
  type ImageFilter,
  listFrames as listFrameRows,
  listImages as listRows,
} from '@pixgen/db';
import {
  firstIdAt,
  type ImageDetailView,
  type ImageFilterInput,
  type ImageFrame,
  type ImageView,
  LIMITS,
  type ListFramesInput,
  type ListImagesInput,
  notFound,
  type Page,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { toDrawSettings } from '../generation/generation-view.ts';
import { toPage } from '../page.ts';
import { undoSince } from '../undo.ts';
import { toImageView } from './view-image.ts';

/** The caller's images, newest order first; with `deleted`, the trash of the last 30 days. */
export async function listImages(deps: Deps, actor: Actor, input: ListImagesInput): Promise<Page<ImageView>> {
  return toPage(await listRows(deps.db, actor.userId, toFilter(input), toRange(input)), input.limit, toImageView);
}

/** The same list as sizes alone, thousands at a time. */
export async function listFrames(deps: Deps, actor: Actor, input: ListFramesInput): Promise<Page<ImageFrame>> {
  const rows = await listFrameRows(deps.db, actor.userId, toFilter(input), toRange(input));
  return toPage(rows, input.limit, ({ id, width, height }): ImageFrame => [id, width, height]);
}

export async function countImages(deps: Deps, actor: Actor, input: ImageFilterInput) {
  const readAt = new Date().toISOString();
  return { total: await countRows(deps.db, actor.userId, toFilter(input)), readAt };
}

/** In no order; foreign and absent ids are passed over. Deleted ones too. */
export async function getImages(deps: Deps, actor: Actor, input: { ids: string[] }): Promise<{ items: ImageView[] }> {
  return { items: (await findOwnImages(deps.db, actor.userId, input.ids)).map(toImageView) };
}

/** An image with its recipe. Deleted ones too. @throws AppError NOT_FOUND, alike for absent and foreign images */
export async function getImage(deps: Deps, actor: Actor, input: { id: string }): Promise<ImageDetailView> {
  const row = await findImageDetail(deps.db, actor.userId, input.id);
  if (!row) throw notFound('image');
  const { generation, model, collections } = row;
  const { packVersion } = generation;
  return {
    ...toImageView(row),
    modelName: model.name,
    settings: toDrawSettings(generation),
    pack: packVersion && { ...packVersion.pack, version: packVersion.version },
    collections: collections.map(({ collection }) => collection),
  };
}

/** Its neighbours in a list. */
export async function getNeighbours(deps: Deps, actor: Actor, { id, ...filter }: ImageFilterInput & { id: string }) {
  return findRows(deps.db, actor.userId, toFilter(filter), id);
}

/** A filter as the database takes it. Days are cut by the ids' own time, that of the order: it is what the list is sorted by. */
export function toFilter(input: ImageFilterInput): ImageFilter {
  const { modelId, generationId, collectionId, favourite, minRating, orientation, pack, search, from, before } = input;
  const words = search?.match(/[\p{L}\p{M}\p{N}]+/gu)?.slice(0, LIMITS.search.words);
  return {
    modelId,
    generationId,
    collectionId,
    favourite,
    minRating,
    orientation,
    packSlug: pack,
    words,
    fromId: from && firstIdAt(Date.parse(from)),
    beforeId: before && firstIdAt(Date.parse(before)),
    deletedSince: input.deleted ? undoSince() : null,
  };
}

function toRange(input: { cursor?: string | undefined; limit: number; offset: number }) {
  return { before: input.cursor ?? null, limit: input.limit + 1, offset: input.offset };
}
