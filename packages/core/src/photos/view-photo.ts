import { findOwnPhoto, type PhotoRow } from '@pixgen/db';
import {
  describeFault,
  judgePhoto,
  notFound,
  PHOTO_REFUSALS,
  PHOTO_WARNINGS,
  type PhotoLook,
  type PhotoView,
  photoLook,
  photoRefusalCode,
  photoState,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import type { Owned } from '../models/own-model.ts';

/** What the check of a photo measured; null for one that was not checked yet. */
export function lookOf(row: PhotoRow): PhotoLook | null {
  return row.look === null ? null : photoLook.parse(row.look);
}

/** @param others looks of the other ready photos of its set */
export function toPhotoView(row: PhotoRow, trainingEdgePx: number, others: readonly PhotoLook[] = []): PhotoView {
  const look = lookOf(row);
  const warnings = look && row.state === 'ready' ? judgePhoto(look, trainingEdgePx, others).warnings : [];
  return {
    id: row.id,
    modelId: row.modelId,
    fileName: row.fileName,
    state: photoState.parse(row.state),
    sizeBytes: row.sizeBytes,
    width: row.width,
    height: row.height,
    refusal: row.refusalCode === null ? null : toRefusal(row.refusalCode, look, trainingEdgePx),
    look,
    warnings: warnings.map((code) => ({ code, message: PHOTO_WARNINGS[code] })),
    createdAt: row.createdAt.toISOString(),
  };
}

/** In the numbers of this photo, where it was measured before it was refused. */
function toRefusal(stored: string, look: PhotoLook | null, trainingEdgePx: number): NonNullable<PhotoView['refusal']> {
  const code = photoRefusalCode.parse(stored);
  const measured = look !== null && code === 'TOO_SMALL';
  return { code, message: measured ? describeFault(code, look, trainingEdgePx) : PHOTO_REFUSALS[code] };
}

/** @throws AppError NOT_FOUND, alike for absent, foreign and deleted photos */
export async function ownPhoto(deps: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<Owned<PhotoRow>> {
  const photo = await findOwnPhoto(deps.db, actor.userId, id);
  if (!photo) throw notFound('photo');
  return photo as Owned<PhotoRow>;
}
