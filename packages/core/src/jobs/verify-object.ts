import { createHash } from 'node:crypto';
import type { StoredObject } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { Deps } from '../deps.ts';

type Claim = { jobId: string; attempt: number; claimEpoch: number };

/**
 * Whether a claim was allowed to write this key: everything else in the bucket is somebody else's, however well it fits
 * what was announced.
 *
 * @param userId the job's owner; null where it is not known yet, and whoever knows it asks again
 */
export function isKeyOfClaim(key: string, { jobId, attempt, claimEpoch }: Claim, userId: string | null): boolean {
  const owner = userId ?? keys.parse(key)?.userId;
  return owner !== undefined && key.startsWith(keys.gpuObject({ userId: owner, jobId, attempt, claimEpoch, name: '' }));
}

/** Whether a key that we granted is one of a picture; what else a claim stores is never shown. */
export function isKeyOfPicture(key: string): boolean {
  return /\.(png|webp)$/.test(key);
}

/**
 * True when the store says that the object is there as announced; false also where it keeps no checksum. Reads no bytes.
 *
 * @throws AppError UNAVAILABLE when the store does not answer
 */
export async function isThereAsAnnounced(deps: Deps, announced: StoredObject): Promise<boolean> {
  const head = await deps.storage.head(announced.key);
  return head?.sizeBytes === announced.sizeBytes && head.sha256 === announced.sha256;
}

/**
 * True when the object is in the store with the announced length and SHA-256. Where the store keeps no checksum the
 * bytes are read and hashed.
 *
 * @throws AppError UNAVAILABLE when the store does not answer: that says nothing about the object
 */
export async function verifyObject(deps: Deps, announced: StoredObject): Promise<boolean> {
  const head = await deps.storage.head(announced.key);
  if (!head || head.sizeBytes !== announced.sizeBytes) return false;
  if (head.sha256 !== null) return head.sha256 === announced.sha256;
  const bytes = await deps.storage.read(announced.key, announced.sizeBytes);
  return bytes !== null && createHash('sha256').update(bytes).digest('base64') === announced.sha256;
}
