import { restorePhoto as restoreRow, softDeletePhoto } from '@pixgen/db';
import { AppError, LIMITS, notFound, type PhotoView, say, trainingEdgePx } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { undoSince } from '../undo.ts';
import { tooManyPhotos, UPLOAD_URL_MS } from './create-photo.ts';
import { ownPhoto, toPhotoView } from './view-photo.ts';

/** Takes a photo out of its set; for 30 days it can be restored. */
export async function deletePhoto(deps: Deps, actor: Actor, input: { id: string }): Promise<PhotoView> {
  const photo = await ownPhoto(deps, actor, input.id);
  await softDeletePhoto(deps.db, actor.userId, photo.id);
  return toPhotoView(photo, trainingEdgePx(deps.config.profile));
}

/** @throws AppError NOT_FOUND; PHOTOS_TOO_MANY; PHOTO_DUPLICATE when the same photo was added again meanwhile */
export async function restorePhoto(deps: Deps, actor: Actor, input: { id: string }): Promise<PhotoView> {
  const limit = {
    photos: LIMITS.photos.max,
    deletedSince: undoSince(),
    uploadSince: new Date(Date.now() - UPLOAD_URL_MS),
  };
  const restored = await restoreRow(deps.db, actor.userId, input.id, limit);
  if (restored === 'absent') throw notFound('photo');
  if (restored === 'full') throw tooManyPhotos();
  if (restored === 'duplicate')
    throw new AppError('PHOTO_DUPLICATE', say`The same photo was added again; it is in the set.`);
  return toPhotoView(restored, trainingEdgePx(deps.config.profile));
}
