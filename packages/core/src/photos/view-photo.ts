import { findOwnPhoto, type PhotoRow } from '@pixgen/db';
import { notFound, PHOTO_REFUSALS, type PhotoView, photoRefusalCode, photoState } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import type { Owned } from '../models/own-model.ts';

export function toPhotoView(row: PhotoRow): PhotoView {
  return {
    id: row.id,
    modelId: row.modelId,
    fileName: row.fileName,
    state: photoState.parse(row.state),
    sizeBytes: row.sizeBytes,
    width: row.width,
    height: row.height,
    refusal: row.refusalCode === null ? null : toRefusal(row.refusalCode),
    createdAt: row.createdAt.toISOString(),
  };
}

function toRefusal(stored: string): NonNullable<PhotoView['refusal']> {
  const code = photoRefusalCode.parse(stored);
  return { code, message: PHOTO_REFUSALS[code] };
}

/** @throws AppError NOT_FOUND, alike for absent, foreign and deleted photos */
export async function ownPhoto(deps: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<Owned<PhotoRow>> {
  const photo = await findOwnPhoto(deps.db, actor.userId, id);
  if (!photo) throw notFound('photo');
  return photo as Owned<PhotoRow>;
}
