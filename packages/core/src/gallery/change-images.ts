import { markImage, restoreImages as restoreRows, softDeleteImages } from '@pixgen/db';
import { type ImageView, notFound } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { undoSince } from '../undo.ts';
import { ownImage, toImageView } from './view-image.ts';

export async function setFavourite(
  deps: Deps,
  actor: Actor,
  input: { id: string; favourite: boolean },
): Promise<ImageView> {
  const { id, favourite } = input;
  if (!(await markImage(deps.db, actor.userId, id, { favourite }))) throw notFound('image');
  return toImageView(await ownImage(deps, actor, id));
}

/** @param input.rating 1 to 5; null takes the rating away */
export async function rateImage(
  deps: Deps,
  actor: Actor,
  input: { id: string; rating: number | null },
): Promise<ImageView> {
  const { id, rating } = input;
  if (!(await markImage(deps.db, actor.userId, id, { rating }))) throw notFound('image');
  return toImageView(await ownImage(deps, actor, id));
}

/** Moves images to the trash; ids that are not the caller's are passed over. */
export async function deleteImages(deps: Deps, actor: Actor, input: { ids: string[] }): Promise<{ changed: number }> {
  return { changed: await softDeleteImages(deps.db, actor.userId, input.ids) };
}

/** Brings images back that were deleted in the last 30 days. */
export async function restoreImages(deps: Deps, actor: Actor, input: { ids: string[] }): Promise<{ changed: number }> {
  return { changed: await restoreRows(deps.db, actor.userId, input.ids, undoSince()) };
}
