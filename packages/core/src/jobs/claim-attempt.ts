/** Claim before burn: a GPU's first act. Whoever claims gets the work order; everybody else must stop at once. */

import type { WorkRow } from '@pixgen/db';
import { AppError, type ClaimRequest, compilePrompt, say, type WorkOrder } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { Deps } from '../deps.ts';
import { endAttempt } from './end-attempt.ts';
import { claimSecret, isTicketToken } from './gpu-secrets.ts';
import { publishHistory } from './publish.ts';

/** A GPU may fetch its inputs this long after the claim; long enough for a cold start of the base model. */
const SOURCE_URL_MS = 60 * 60_000;

/**
 * @returns the work order of this claim, with a secret and URLs that are good for it alone
 * @throws AppError SIGNATURE_INVALID (token), STATE_CONFLICT (another call has it), GONE (ended, older attempt, or
 *   restarted too often)
 */
export async function claimAttempt(deps: Deps, request: ClaimRequest): Promise<WorkOrder> {
  if (!isTicketToken(deps.config, request.jobId, request.attempt, request.token)) {
    throw new AppError('SIGNATURE_INVALID', say`This ticket is not valid.`);
  }
  deps.passPoint('claim.beforeUpdate');
  const answer = await deps.jobs.claim({ jobId: request.jobId, attempt: request.attempt, callId: request.callId });
  deps.passPoint('claim.afterUpdate');
  if (answer.outcome === 'gone') throw new AppError('GONE', say`This attempt is over.`);
  if (answer.outcome === 'taken') throw new AppError('STATE_CONFLICT', say`Another call works on this attempt.`);
  if (answer.outcome === 'too-many') {
    await endAttempt(deps, {
      jobId: request.jobId,
      attempt: request.attempt,
      cause: 'TOO_MANY_CLAIMS',
      retryable: false,
    });
    throw new AppError('GONE', say`This attempt was restarted too often.`);
  }
  // Tabs may hear of it a moment after the GPU does.
  if (answer.event) void publishHistory(deps, [{ ...answer.event, type: 'running', attempt: request.attempt }]);
  return toWorkOrder(deps, request, answer.claimEpoch, answer.work);
}

function toWorkOrder(deps: Deps, request: ClaimRequest, claimEpoch: number, work: WorkRow): WorkOrder {
  const { jobId, attempt } = request;
  const head = {
    jobId,
    attempt,
    claimEpoch,
    signingSecret: claimSecret(deps.config.ticketKey, jobId, attempt, claimEpoch),
    // The claim stands in the address, so that a signature is checked before a body is parsed.
    eventsUrl: new URL(`/webhooks/gpu/${jobId}/${attempt}/${claimEpoch}`, deps.config.gpuApiUrl).href,
    uploadsUrl: new URL('/gpu/uploads', deps.config.gpuApiUrl).href,
  };
  const source = (key: string): string => deps.storage.presignGet({ key, expiresInMs: SOURCE_URL_MS }).url;
  if (work.kind === 'generate') {
    const { storageKey, profile, sizeBytes, sha256 } = work.weights;
    return {
      kind: 'generate',
      ...head,
      profile,
      weights: { url: source(storageKey), sizeBytes, sha256, weight: work.loraWeight },
      width: work.width,
      height: work.height,
      steps: work.steps,
      guidance: work.guidance,
      scheduler: work.scheduler,
      draft: work.draft,
      format: work.format,
      images: work.images.map(({ imageId, compiledPrompt, seed }) => ({
        imageId,
        prompt: compiledPrompt,
        negativePrompt: work.negativePrompt,
        seed,
      })),
    };
  }
  const { checkpoint } = work;
  return {
    kind: 'train',
    ...head,
    profile: work.profile,
    triggerWord: work.triggerWord,
    classWord: work.classWord,
    settings: {
      ...work.settings,
      samplePrompts: work.settings.samplePrompts.map((prompt) => compilePrompt(prompt, work)),
    },
    photos: work.photos.map(({ id, userId, modelId, sizeBytes, sha256 }) => ({
      photoId: id,
      url: source(keys.photo(userId, modelId, id)),
      sizeBytes,
      sha256,
    })),
    resume: checkpoint && {
      url: source(checkpoint.key),
      sizeBytes: checkpoint.sizeBytes,
      sha256: checkpoint.sha256,
      step: checkpoint.step,
    },
  };
}
