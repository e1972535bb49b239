/** What generations need in tests: a model that is ready, and a GPU's word for its work. */
import { createHash, createHmac } from 'node:crypto';
import { type GpuEvent, newId } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import type { SignedEvent } from '../jobs/receive-gpu-event.ts';

/** @returns the id of a model with weights */
export async function createReadyModel(deps: Deps, actor: Actor): Promise<string> {
  const [id, trainingId, { userId }] = [newId(), newId(), actor];
  const sha256 = createHash('sha256').update(id);
  const triggerWord = `sks_${sha256
    .copy()
    .digest('hex')
    .replace(/[^a-f2-7]/g, '')
    .slice(0, 6)}`;
  await deps.db.prisma.model.create({
    data: { id, userId, name: 'Ada', classWord: 'woman', triggerWord, state: 'ready' },
  });
  await deps.db.prisma.training.create({
    data: { id: trainingId, userId, modelId: id, profile: 'nano', preset: 'fast', settings: {}, photoIds: [] },
  });
  const file = { storageKey: `o/${newId()}`, sizeBytes: 1, sha256: sha256.digest('base64'), profile: 'nano' };
  const weights = { id: newId(), userId, modelId: id, trainingId, ...file, step: 1, final: true };
  await deps.db.prisma.weights.create({ data: weights });
  return id;
}

/**
 * @param secret of the claim, as it was told to the GPU
 * @param id the same one makes a repetition
 */
export function signEvent(secret: string, event: GpuEvent, id = `msg_${newId()}`): SignedEvent {
  const { jobId, attempt, claimEpoch } = event;
  const rawBody = Buffer.from(JSON.stringify(event));
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody).digest('base64');
  return { claim: { jobId, attempt, claimEpoch }, rawBody, headers: { id, timestamp, signature: `v1,${signature}` } };
}
