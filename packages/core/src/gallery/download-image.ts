import { AppError, type DownloadView, say } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { DOWNLOAD_URL_MS } from '../models/download-weights.ts';
import { formatOf, ownImage } from './view-image.ts';

/** @throws AppError NOT_FOUND; STATE_CONFLICT for an image that failed */
export async function downloadImage(deps: Deps, actor: Actor, input: { id: string }): Promise<DownloadView> {
  const image = await ownImage(deps, actor, input.id);
  if (image.storageKey === null) throw new AppError('STATE_CONFLICT', say`This image failed; there is no file of it.`);
  const fileName = imageFileName({ ...image, storageKey: image.storageKey });
  const { url, expiresAt } = deps.storage.presignGet({
    key: image.storageKey,
    expiresInMs: DOWNLOAD_URL_MS,
    downloadName: fileName,
  });
  return { url, fileName, expiresAt: expiresAt.toISOString() };
}

/** The name of an image as a file, alone or in a zip. */
export function imageFileName(image: { id: string; createdAt: Date; storageKey: string }): string {
  return `pixgen-${image.createdAt.toISOString().slice(0, 10)}-${image.id.slice(-12)}.${formatOf(image.storageKey)}`;
}
