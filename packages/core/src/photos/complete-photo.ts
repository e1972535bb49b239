import { startPhotoCheck } from '@pixgen/db';
import { AppError, fieldRefusal, LIMITS, type PhotoView, say, trainingEdgePx } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { Actor, Deps } from '../deps.ts';
import { wakeRelay } from '../jobs/publish.ts';
import { tooManyPhotos } from './create-photo.ts';
import { ownPhoto, toPhotoView } from './view-photo.ts';

/**
 * The client says that its upload is done. Repeating the call changes nothing.
 *
 * @throws AppError NOT_FOUND; PHOTO_NOT_UPLOADED; INVALID_INPUT when another number of bytes arrived; PHOTOS_TOO_MANY
 */
export async function completePhoto(deps: Deps, actor: Actor, input: { id: string }): Promise<PhotoView> {
  const photo = await ownPhoto(deps, actor, input.id);
  if (photo.state !== 'uploading') return toPhotoView(photo, trainingEdgePx(deps.config.profile));
  const object = await deps.storage.head(keys.photoUpload(photo.userId, photo.id));
  if (!object) throw new AppError('PHOTO_NOT_UPLOADED', say`The file did not arrive yet. Upload it first.`);
  if (object.sizeBytes !== photo.sizeBytes) {
    const fault = say`${photo.sizeBytes} bytes were announced, ${object.sizeBytes} arrived.`;
    throw fieldRefusal('sizeBytes', fault);
  }
  const outcome = await startPhotoCheck(deps.db, photo, { photos: LIMITS.photos.max });
  if (outcome === 'full') throw tooManyPhotos();
  if (outcome === 'started') {
    // The outbox row is committed; without the wake-up the relay finds it a moment later.
    void wakeRelay(deps);
  }
  return toPhotoView(await ownPhoto(deps, actor, photo.id), trainingEdgePx(deps.config.profile));
}
