/** Trainings at work, for tests: through the real use cases, with a GPU that consists of its events. */
import { createHash } from 'node:crypto';
import { CONSENT, type DurableGpuEvent, newId, type StartTrainingInput } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { Actor, Deps } from '../deps.ts';
import { applyEvents } from '../jobs/apply-events.ts';
import { move } from '../jobs/next-move.ts';
import { createModel } from '../models/write-model.ts';
import { startTraining } from './start-training.ts';

const BYTES = Buffer.from('a LoRA');
const SHA256 = createHash('sha256').update(BYTES).digest('base64');

export type TrainingAtWork = {
  modelId: string;
  trainingId: string;
  claim: { jobId: string; attempt: number; claimEpoch: number };
};

/** A model with five photos. */
export async function createTrainableModel(deps: Deps, actor: Actor): Promise<string> {
  const consent = { subject: 'not-a-person', accepted: true, adult: true, textVersion: CONSENT.version } as const;
  const { id: modelId } = await createModel(deps, actor, { name: 'Rex', classWord: 'dog', consent });
  const photo = { userId: actor.userId, modelId, fileName: 'a.jpg', contentType: 'image/jpeg', sizeBytes: 1 };
  const data = Array.from({ length: 5 }, () => ({ id: newId(), ...photo, state: 'ready', sha256: 'x' }));
  await deps.db.prisma.photo.createMany({ data });
  return modelId;
}

/** A training that a GPU has claimed. */
export async function putTrainingToWork(
  deps: Deps,
  actor: Actor,
  modelId: string,
  overrides: StartTrainingInput['overrides'],
): Promise<TrainingAtWork> {
  const order = { modelId, preset: 'fast', overrides, idempotencyKey: newId() } as const;
  const { id: trainingId, job } = await startTraining(deps, actor, order);
  return { modelId, trainingId, claim: await claimTraining(deps, job.id, 1) };
}

/** The next claim of a job. */
export async function claimTraining(deps: Deps, jobId: string, attempt: number): Promise<TrainingAtWork['claim']> {
  await deps.jobs.move(move(jobId, attempt, 'dispatching'));
  const answer = await deps.jobs.claim({ jobId, attempt, callId: `call-${attempt}` });
  if (answer.outcome !== 'claimed') throw new Error(`the claim was answered with ${answer.outcome}`);
  return { jobId, attempt, claimEpoch: answer.claimEpoch };
}

/** What the GPU of a claim does and says. */
export function gpuOf(deps: Deps, actor: Actor, claim: TrainingAtWork['claim']) {
  const store = async (name: string) => {
    const key = keys.gpuObject({ userId: actor.userId, ...claim, name });
    await deps.storage.write(key, BYTES, 'application/octet-stream');
    return { key, sizeBytes: BYTES.length, sha256: SHA256 };
  };
  /** Delivered twice, as a webhook may be: the second time nothing may happen. */
  const tell = async (event: DurableGpuEvent): Promise<void> => {
    const stored = await deps.jobs.storeEvent({ webhookId: `msg_${newId()}`, event });
    if (stored.outcome !== 'stored') return;
    await applyEvents(deps, [stored.id]);
    await applyEvents(deps, [stored.id]);
  };
  return {
    async keep(step: number, likeness: number | null): Promise<string> {
      const object = await store(`weights-step-${step}.safetensors`);
      await tell({ type: 'weights', ...claim, step, object, likeness });
      return object.key;
    },
    async succeed(steps: number, likeness: number | null = null): Promise<void> {
      const [weights, kohyaWeights] = [
        await store(`weights-step-${steps}.safetensors`),
        await store(`kohya-weights-step-${steps}.safetensors`),
      ];
      const training = { weights, kohyaWeights, steps, likeness, lossHistory: [] };
      await tell({ type: 'succeeded', ...claim, gpuMs: 1, images: [], training });
    },
    fail: (retryable: boolean) => tell({ type: 'failed', ...claim, gpuMs: 1, code: 'GPU_LOST', retryable }),
  };
}
