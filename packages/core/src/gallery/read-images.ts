import { listImages as listRows } from '@pixgen/db';
import type { ImageView, ListImagesInput, Page } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { toPage } from '../page.ts';
import { undoSince } from '../undo.ts';
import { ownImage, toImageView } from './view-image.ts';

/** The caller's images, newest first; with `deleted`, the trash of the last 30 days. */
export async function listImages(deps: Deps, actor: Actor, input: ListImagesInput): Promise<Page<ImageView>> {
  const { modelId, generationId, favourite } = input;
  const filter = { modelId, generationId, favourite, deletedSince: input.deleted ? undoSince() : null };
  const page = { before: input.cursor ?? null, limit: input.limit + 1 };
  return toPage(await listRows(deps.db, actor.userId, filter, page), input.limit, toImageView);
}

export async function getImage(deps: Deps, actor: Actor, input: { id: string }): Promise<ImageView> {
  return toImageView(await ownImage(deps, actor, input.id));
}
