/** The worker's step for one uploaded photo: decode, clean, store, decide. */
import { createHash } from 'node:crypto';
import {
  findOwnModel,
  findPhoto,
  hasPhotoOfSource,
  type PhotoRow,
  type PhotoVerdict,
  writePhotoVerdict,
} from '@pixgen/db';
import { isPersonClass, judgePhoto, LIMITS, type PhotoRefusalCode, trainingEdgePx } from '@pixgen/domain';
import { keys, ObjectTooLargeError } from '@pixgen/storage';
import type { Deps } from '../deps.ts';
import { type DecodedPhoto, decodePhoto } from './decode-photo.ts';

export type DecodePhoto = (bytes: Buffer, contentType: string, options: { person: boolean }) => Promise<DecodedPhoto>;

/**
 * May be run any number of times, also after a crash at any point: the verdict is written once, and the upload is
 * removed only after it.
 *
 * @throws when a store does not answer; the photo then stays `checking` and the task is tried again
 */
export async function checkPhoto(deps: Deps, photoId: string, decode: DecodePhoto = decodePhoto): Promise<void> {
  const photo = await findPhoto(deps.db, photoId);
  if (!photo) return;
  const upload = keys.photoUpload(photo.userId, photo.id);
  let isRefused = photo.state === 'refused';
  if (photo.state === 'checking') {
    const verdict = await judge(deps, photo, upload, decode);
    const written = await writePhotoVerdict(deps.db, photo, verdict);
    if (written === 'duplicate' || written === 'near-duplicate') {
      const code = written === 'duplicate' ? 'DUPLICATE' : 'NEAR_DUPLICATE';
      isRefused = (await writePhotoVerdict(deps.db, photo, refused(code, verdict.sourceSha256))) === 'written';
    }
    await tellTabs(deps, photo);
  }
  // That it is there twice was noticed when its clean copy had been stored.
  const copy = isRefused ? [keys.photo(photo.userId, photo.modelId, photo.id)] : [];
  if (photo.state !== 'uploading') await deps.storage.remove([upload, ...copy]);
}

/** Refuses a photo that is still being checked. */
export async function refusePhoto(deps: Deps, photo: PhotoRow, code: PhotoRefusalCode): Promise<void> {
  await writePhotoVerdict(deps.db, photo, refused(code, null));
  await tellTabs(deps, photo);
  await deps.storage.remove([keys.photoUpload(photo.userId, photo.id)]);
}

async function judge(deps: Deps, photo: PhotoRow, upload: string, decode: DecodePhoto): Promise<PhotoVerdict> {
  const bytes = await deps.storage.read(upload, LIMITS.photos.maxBytes).catch((error: unknown) => {
    if (error instanceof ObjectTooLargeError) return null;
    throw error;
  });
  // Gone from quarantine before it was looked at: the person has to send it again.
  if (!bytes) return refused('TRUNCATED', null);
  const sourceSha256 = createHash('sha256').update(bytes).digest('base64');
  if (await hasPhotoOfSource(deps.db, photo.modelId, sourceSha256)) return refused('DUPLICATE', sourceSha256);
  const model = await findOwnModel(deps.db, photo.userId, photo.modelId);
  const person = model !== null && isPersonClass(model.classWord);
  const decoded = await decode(bytes, photo.contentType, { person });
  if (!decoded.ok) return refused(decoded.code, sourceSha256);
  const { jpeg, width, height, look } = decoded;
  const { fault } = judgePhoto(look, trainingEdgePx(deps.config.profile));
  if (fault) return refused(fault, sourceSha256);
  await deps.storage.write(keys.photo(photo.userId, photo.modelId, photo.id), jpeg, 'image/jpeg');
  deps.passPoint('upload.midCopy');
  const sha256 = createHash('sha256').update(jpeg).digest('base64');
  return { state: 'ready', sourceSha256, sha256, sizeBytes: jpeg.length, width, height, look };
}

function refused(refusalCode: PhotoRefusalCode, sourceSha256: string | null): PhotoVerdict {
  return { state: 'refused', refusalCode, sourceSha256 };
}

/** Best effort: a tab that misses it sees the state with its next read. */
async function tellTabs(deps: Deps, photo: PhotoRow): Promise<void> {
  const message = { type: 'photo', photoId: photo.id, modelId: photo.modelId } as const;
  await deps.live
    .publish([{ userId: photo.userId, message }])
    .catch((error: Error) => deps.log.warn({ err: error, photoId: photo.id }, 'photo verdict not published'));
}
