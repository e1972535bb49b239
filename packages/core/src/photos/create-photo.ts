import { insertPhoto } from '@pixgen/db';
import {
  AppError,
  type createPhotoInput,
  type createPhotoOutput,
  LIMITS,
  newId,
  type Sentence,
  say,
  trainingEdgePx,
} from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { z } from 'zod';
import type { Actor, Deps } from '../deps.ts';
import { ownModel } from '../models/own-model.ts';
import { toPhotoView } from './view-photo.ts';

/** Time to send the file. */
export const UPLOAD_URL_MS = 15 * 60_000;

/**
 * Announces one photo and signs its upload into quarantine: this key, length and type, nothing else.
 *
 * @throws AppError NOT_FOUND; PHOTOS_TOO_MANY; STORAGE_FULL
 */
export async function createPhoto(
  deps: Deps,
  actor: Actor,
  input: z.infer<typeof createPhotoInput>,
): Promise<z.infer<typeof createPhotoOutput>> {
  const model = await ownModel(deps, actor, input.modelId);
  const { fileName, contentType, sizeBytes } = input;
  const photo = { id: newId(), userId: actor.userId, modelId: model.id, fileName, contentType, sizeBytes };
  const uploadSince = new Date(Date.now() - UPLOAD_URL_MS);
  const storageBytes = deps.config.storagePerPersonBytes || null;
  const row = await insertPhoto(deps.db, photo, { photos: LIMITS.photos.max, uploadSince, storageBytes });
  if (row === 'full') throw tooManyPhotos();
  if ('usedBytes' in row) throw storageFull(row.usedBytes, sizeBytes, storageBytes ?? 0);
  const signed = deps.storage.presignPut({
    key: keys.photoUpload(actor.userId, row.id),
    contentType,
    sizeBytes,
    expiresInMs: UPLOAD_URL_MS,
  });
  const upload = { url: signed.url, headers: signed.headers, expiresAt: signed.expiresAt.toISOString() };
  return { photo: toPhotoView(row, trainingEdgePx(deps.config.profile)), upload };
}

export function tooManyPhotos(): AppError {
  const message = say`A set holds at most ${LIMITS.photos.max} photos.`;
  return new AppError('PHOTOS_TOO_MANY', message, { fields: [{ path: 'modelId', message }] });
}

function storageFull(usedBytes: number, sizeBytes: number, limitBytes: number): AppError {
  const message = say`Your photos, pictures and models take ${inMb(usedBytes)} of ${inMb(limitBytes)}; this photo needs ${inMb(sizeBytes)} more. Erase photos or models that you do not need.`;
  return new AppError('STORAGE_FULL', message, { fields: [{ path: 'sizeBytes', message }] });
}

function inMb(bytes: number): Sentence {
  return say`${Math.round(bytes / 1e5) / 10} MB`;
}
