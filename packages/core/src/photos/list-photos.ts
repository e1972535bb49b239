import { listRemovedPhotos, listPhotos as listRows, type PhotoRow } from '@pixgen/db';
import { LIMITS, type PhotoView, trainingEdgePx } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { ownModel } from '../models/own-model.ts';
import { undoSince } from '../undo.ts';
import { lookOf, toPhotoView } from './view-photo.ts';

/** Usable and refused photos in the order they were added, or the usable ones that were removed; refused ones stay until the person removes them. */
export async function listPhotos(
  deps: Deps,
  actor: Actor,
  input: { modelId: string; deleted?: boolean | undefined },
): Promise<{ items: PhotoView[] }> {
  const model = await ownModel(deps, actor, input.modelId);
  if (input.deleted) {
    const of = { userId: actor.userId, modelId: model.id };
    const removed = await listRemovedPhotos(deps.db, of, undoSince(), LIMITS.page.max);
    return { items: removed.map((row) => toPhotoView(row, trainingEdgePx(deps.config.profile))) };
  }
  const rows = await listRows(deps.db, actor.userId, model.id, LIMITS.page.max);
  const ready = rows.filter((row) => row.state === 'ready');
  const edgePx = trainingEdgePx(deps.config.profile);
  const othersOf = (row: PhotoRow) => ready.flatMap((other) => (other.id === row.id ? [] : (lookOf(other) ?? [])));
  return { items: rows.map((row) => toPhotoView(row, edgePx, othersOf(row))) };
}
