/** The webhook of the GPUs: Standard Webhooks over raw bytes, stored or published before it is acknowledged. */
import { wasEventStored } from '@pixgen/db';
import {
  AppError,
  type DurableGpuEvent,
  type GpuEvent,
  gpuEvent,
  isDurable,
  type JobProgressView,
  type PreviewEvent,
  say,
} from '@pixgen/domain';
import type { Progress } from '@pixgen/queue';
import type { Deps } from '../deps.ts';
import { assertCurrentClaim } from './fence.ts';
import { liveClaimSecrets } from './gpu-secrets.ts';
import { isKeyOfClaim, isThereAsAnnounced } from './verify-object.ts';
import { verifySignature } from './webhook-signature.ts';

/** Applying an event waits for its look ahead no longer than this. */
const LOOK_AHEAD_MS = 100;

export type SignedEvent = {
  claim: { jobId: string; attempt: number; claimEpoch: number };
  rawBody: Buffer;
  headers: { id: string | undefined; timestamp: string | undefined; signature: string | undefined };
};

/**
 * Accepts one event of a current claim.
 *
 * @throws AppError SIGNATURE_INVALID, INVALID_INPUT (signed but not of the protocol), GONE (the sender must stop),
 *   UNAVAILABLE (the sender tries again)
 */
export async function receiveGpuEvent(deps: Deps, signed: SignedEvent): Promise<void> {
  const { id: webhookId, body } = verify(deps, signed);
  const parsed = gpuEvent.safeParse(body);
  if (!parsed.success)
    throw new AppError('INVALID_INPUT', say`This event does not fit the protocol.`, { cause: parsed.error });
  const event = parsed.data;
  const { claim } = signed;
  if (event.jobId !== claim.jobId || event.attempt !== claim.attempt || event.claimEpoch !== claim.claimEpoch) {
    throw new AppError('INVALID_INPUT', say`This event belongs to another claim.`);
  }
  if (isDurable(event)) {
    deps.passPoint('hook.afterVerify');
    const stored = await deps.jobs.storeEvent({ webhookId, event, seen: lookAhead(deps, event) });
    // What was accepted once is accepted again, also after the claim has ended: the answer before was lost on its way.
    if (stored.outcome === 'gone' && !(await wasEventStored(deps.db, event.jobId, webhookId))) {
      throw new AppError('GONE', say`This claim is over. Stop the work.`);
    }
    return;
  }
  if (event.type === 'preview') await passOnPreview(deps, event);
  else await noteSignOfLife(deps, event, Number(signed.headers.timestamp));
}

/**
 * The picture that came with the end of its generation is looked at while the event is on its way to the disk: one wait
 * less until people see it.
 *
 * @returns its key when it was found; else the worker looks for it and judges
 */
function lookAhead(deps: Deps, event: DurableGpuEvent): Promise<string | null> | undefined {
  const last = event.type === 'succeeded' ? event.images.at(-1)?.result : undefined;
  if (last?.status !== 'succeeded' || !isKeyOfClaim(last.key, event, null)) return undefined;
  return new Promise((resolve) => {
    const late = setTimeout(resolve, LOOK_AHEAD_MS, null);
    void isThereAsAnnounced(deps, last)
      .catch((error: Error) => {
        deps.log.debug({ err: error, jobId: event.jobId }, 'the worker will look for this picture');
        return false;
      })
      .then((isThere) => {
        clearTimeout(late);
        resolve(isThere ? last.key : null);
      });
  });
}

function verify(deps: Deps, { claim, rawBody, headers }: SignedEvent): { id: string; body: unknown } {
  const secrets = liveClaimSecrets(deps.config, claim.jobId, claim.attempt, claim.claimEpoch);
  const id = verifySignature(secrets, { ...headers, rawBody });
  if (id === null) throw new AppError('SIGNATURE_INVALID', say`The signature of this event is not valid.`);
  try {
    return { id, body: JSON.parse(rawBody.toString('utf8')) };
  } catch (error) {
    throw new AppError('INVALID_INPUT', say`This event is not JSON.`, { cause: error });
  }
}

/** Progress and heartbeats go to Redis only: they may be lost, and the next one says more. */
async function noteSignOfLife(
  deps: Deps,
  event: Extract<GpuEvent, { type: 'heartbeat' | 'progress' }>,
  sentAtS: number,
): Promise<void> {
  const fence = await assertCurrentClaim(deps, event);
  const view: JobProgressView = {
    jobId: event.jobId,
    orderId: fence.orderId,
    kind: fence.kind,
    attempt: event.attempt,
    phase: event.phase,
    step: 0,
    totalSteps: 0,
    loss: null,
    imageIds: [],
    at: new Date().toISOString(),
  };
  try {
    const progress =
      event.type === 'progress' ? { ...view, ...pickProgress(event) } : await continued(deps, view, event.claimEpoch);
    // One that was overtaken, or that somebody sends again, is acknowledged and not shown.
    if (!(await deps.live.saveProgress({ ...progress, claimEpoch: event.claimEpoch, sentAtS }))) return;
    await deps.live.publish([{ userId: fence.userId, message: { type: 'progress', progress } }]);
  } catch (error) {
    throw new AppError('UNAVAILABLE', say`Progress cannot be stored right now.`, { cause: error });
  }
}

/** Rough pictures go to the open tabs of the job's owner and are kept nowhere. */
async function passOnPreview(deps: Deps, event: PreviewEvent): Promise<void> {
  const { userId } = await assertCurrentClaim(deps, event);
  const { jobId, attempt } = event;
  try {
    await deps.live.publish(
      event.images.map((image) => ({
        userId,
        message: { type: 'preview' as const, preview: { jobId, attempt, ...image } },
      })),
    );
  } catch (error) {
    throw new AppError('UNAVAILABLE', say`Previews cannot be shown right now.`, { cause: error });
  }
}

function pickProgress(event: Extract<GpuEvent, { type: 'progress' }>) {
  return { step: event.step, totalSteps: event.totalSteps, loss: event.loss, imageIds: event.imageIds };
}

/** A heartbeat says only that work goes on: the step stays what this claim last said. */
async function continued(deps: Deps, view: JobProgressView, claimEpoch: number): Promise<JobProgressView> {
  const last: Progress | undefined = (await deps.live.readProgress([view.jobId])).get(view.jobId);
  if (last?.attempt !== view.attempt || last.claimEpoch !== claimEpoch) return view;
  return { ...view, step: last.step, totalSteps: last.totalSteps, imageIds: last.imageIds };
}
