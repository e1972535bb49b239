import { AppError, type JobKind, say, type UploadAnswer, type UploadRequest } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { Deps } from '../deps.ts';
import { assertCurrentClaim } from './fence.ts';
import { isTicketToken } from './gpu-secrets.ts';

export const GPU_UPLOAD_URL_MS = 15 * 60_000;
const EXTENSIONS = { 'image/png': 'png', 'image/webp': 'webp', 'application/octet-stream': 'safetensors' } as const;
/** Far more than any work order needs, with every upload tried several times; a holder of a stolen ticket gets no more. */
export const MAX_GRANTS: Record<JobKind, number> = { generate: 512, train: 10_000 };
const COUNTED_CLAIMS = 10_000;
/** Uploads granted to each claim by this process; the claims that began first are forgotten first. */
const granted = new Map<string, number>();

/**
 * Signs one PUT for a current claim: exact length, type and checksum, under a key that holds attempt and epoch, so that
 * nothing an older claim writes can ever be mistaken for a result.
 *
 * @throws AppError SIGNATURE_INVALID (token), GONE (ended, older attempt or epoch, or more than {@link MAX_GRANTS})
 */
export async function grantUpload(deps: Deps, request: UploadRequest): Promise<UploadAnswer> {
  if (!isTicketToken(deps.config, request.jobId, request.attempt, request.token)) {
    throw new AppError('SIGNATURE_INVALID', say`This ticket is not valid.`);
  }
  const fence = await assertCurrentClaim(deps, request);
  const { jobId, attempt, claimEpoch, contentType, sizeBytes, sha256 } = request;
  if (!countGrant(`${jobId}/${attempt}/${claimEpoch}`, MAX_GRANTS[fence.kind]))
    throw new AppError('GONE', say`This claim has stored all that it may.`);
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

function countGrant(claim: string, most: number): boolean {
  const count = (granted.get(claim) ?? 0) + 1;
  if (count > most) return false;
  granted.set(claim, count);
  if (granted.size > COUNTED_CLAIMS) granted.delete(granted.keys().next().value ?? '');
  return true;
}
