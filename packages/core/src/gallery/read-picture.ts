/**
 * Pictures of the store, before anybody sees one. Of a GPU's picture only length and checksum were compared, with what the
 * same GPU had said, and its URLs can write for minutes after that: so whatever is read is looked at, each time.
 */
import { AppError, LIMITS, say } from '@pixgen/domain';
import { ObjectTooLargeError } from '@pixgen/storage';
import sharp from 'sharp';
import type { Deps } from '../deps.ts';
import { type PictureKind, pictureKind } from '../photos/picture-kind.ts';

/** The largest that may be ordered, and larger than the copies of photos. */
const MAX_PIXELS = LIMITS.size.max ** 2;

export type StoredPicture = { key: string; contentType: PictureKind };
export type Drawing = ReturnType<typeof sharp>;

/**
 * @param use draws it, or reads its head: a fault on the way is one of the picture
 * @returns null when there is no such object
 * @throws AppError STATE_CONFLICT for anything but a picture of the kind and of a size that we make; UNAVAILABLE
 */
export async function readPicture<T>(
  deps: Pick<Deps, 'storage' | 'log'>,
  { key, contentType }: StoredPicture,
  use: (picture: Drawing, bytes: Buffer) => Promise<T>,
): Promise<T | null> {
  try {
    const bytes = await deps.storage.read(key, LIMITS.pictureBytes.max);
    if (!bytes) return null;
    const kind = pictureKind(bytes);
    if (kind !== contentType) throw new Error(`announced as ${contentType}, begins as ${kind ?? 'no picture'}`);
    return await use(sharp(bytes, { limitInputPixels: MAX_PIXELS }), bytes);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const isTooLarge = error instanceof ObjectTooLargeError;
    // A GPU that stores such things is broken, or no longer ours: its operator has to know.
    deps.log.warn({ key, why: isTooLarge ? 'too large' : String(error) }, 'a stored picture cannot be shown');
    throw new AppError('STATE_CONFLICT', say`This picture is damaged and cannot be shown.`, { cause: error });
  }
}

/**
 * The file itself, once its head has been read.
 *
 * @throws as {@link readPicture}
 */
export function readPictureFile(deps: Pick<Deps, 'storage' | 'log'>, stored: StoredPicture): Promise<Buffer | null> {
  return readPicture(deps, stored, async (picture, bytes) => {
    await picture.metadata();
    return bytes;
  });
}
