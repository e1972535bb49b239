import { AppError, say, type UploadAnswer, type UploadRequest } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { Deps } from '../deps.ts';
import { assertCurrentClaim } from './fence.ts';
import { isTicketToken } from './gpu-secrets.ts';

export const GPU_UPLOAD_URL_MS = 15 * 60_000;
const EXTENSIONS = { 'image/png': 'png', 'image/webp': 'webp', 'application/octet-stream': 'safetensors' } as const;

/**
 * Signs one PUT for a current claim: exact length, type and checksum, under a key that holds attempt and epoch, so that
 * nothing an older claim writes can ever be mistaken for a result.
 *
 * @throws AppError SIGNATURE_INVALID (token), GONE (ended, older attempt or epoch)
 */
export async function grantUpload(deps: Deps, request: UploadRequest): Promise<UploadAnswer> {
  if (!isTicketToken(deps.config, request.jobId, request.attempt, request.token)) {
    throw new AppError('SIGNATURE_INVALID', say`This ticket is not valid.`);
  }
  const fence = await assertCurrentClaim(deps, request);
  const { jobId, attempt, claimEpoch, contentType, sizeBytes, sha256 } = request;
  const what = request.imageId ?? (request.step === null ? null : `step-${request.step}`);
  const name = [request.purpose, what].filter((part) => part !== null).join('-');
  const key = keys.gpuObject({
    userId: fence.userId,
    jobId,
    attempt,
    claimEpoch,
    name: `${name}.${EXTENSIONS[contentType]}`,
  });
  const { url, headers } = deps.storage.presignPut({
    key,
    contentType,
    sizeBytes,
    sha256,
    onlyIfAbsent: false,
    expiresInMs: GPU_UPLOAD_URL_MS,
  });
  return { url, headers, key };
}
