import { markFavourite, restoreImages as restoreRows, softDeleteImages } from '@pixgen/db';
import { type ImageView, notFound } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { undoSince } from '../undo.ts';
import { getImage } from './read-images.ts';

export async function setFavourite(
  deps: Deps,
  actor: Actor,
  input: { id: string; favourite: boolean },
): Promise<ImageView> {
  if (!(await markFavourite(deps.db, actor.userId, input.id, input.favourite))) throw notFound('image');
  return getImage(deps, actor, { id: input.id });
}

/** Moves images to the trash; ids that are not the caller's are passed over. */
export async function deleteImages(deps: Deps, actor: Actor, input: { ids: string[] }): Promise<{ changed: number }> {
  return { changed: await softDeleteImages(deps.db, actor.userId, input.ids) };
}

/** Brings images back that were deleted in the last 30 days. */
export async function restoreImages(deps: Deps, actor: Actor, input: { ids: string[] }): Promise<{ changed: number }> {
  return { changed: await restoreRows(deps.db, actor.userId, input.ids, undoSince()) };
}
