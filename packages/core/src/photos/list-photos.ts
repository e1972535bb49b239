import { listPhotos as listRows } from '@pixgen/db';
import { LIMITS, type PhotoView } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { ownModel } from '../models/own-model.ts';
import { toPhotoView } from './view-photo.ts';

/** Usable and refused photos in the order they were added; refused ones stay until the person removes them. */
export async function listPhotos(
  deps: Deps,
  actor: Actor,
  input: { modelId: string },
): Promise<{ items: PhotoView[] }> {
  const model = await ownModel(deps, actor, input.modelId);
  return { items: (await listRows(deps.db, actor.userId, model.id, LIMITS.page.max)).map(toPhotoView) };
}
