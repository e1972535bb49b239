import type { Deps } from '../deps.ts';
import { readPicture, type StoredPicture } from './read-picture.ts';

/** @returns WebP of at most `widthPx`; null when there is no such object. @throws as {@link readPicture} */
export function shrinkPicture(
  deps: Pick<Deps, 'storage' | 'log'>,
  stored: StoredPicture,
  widthPx: number,
): Promise<Buffer | null> {
  return readPicture(deps, stored, (picture) =>
    picture.resize({ width: widthPx, withoutEnlargement: true }).webp({ quality: 75 }).toBuffer(),
  );
}
