/** The LoRAs of a training's checkpoints: scored, kept, chosen among, downloaded, and gone with what they belong to. */

import { newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { startGeneration } from '../generation/start-generation.ts';
import { applyEvents } from '../jobs/apply-events.ts';
import { move } from '../jobs/next-move.ts';
import { chooseWeights } from '../models/choose-weights.ts';
import { downloadWeights } from '../models/download-weights.ts';
import { getModel } from '../models/read-models.ts';
import { repairObjects } from '../sweep/repair-objects.ts';
import { sweep } from '../sweep/sweep.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { retryTraining } from './change-training.ts';
import { getTraining } from './read-trainings.ts';
import { claimTraining, createTrainableModel, gpuOf, putTrainingToWork } from './testing.ts';

const HOURS_MS = 3_600_000;
let test: TestDeps;
let deps: Deps;
let actor: Actor;
beforeAll(async () => {
  test = await createTestDeps();
  ({ deps } = test);
  actor = await createActor(deps);
});
afterAll(() => test.close());

const exists = async (key: string) => (await deps.storage.head(key)) !== null;
const idOf = async (storageKey: string) =>
  (await deps.db.prisma.weights.findUniqueOrThrow({ where: { storageKey } })).id;

/** A training of 40 steps with checkpoints at 10, 20 and 30, ended well. */
async function trained(likeness: (number | null)[] = [0.5, 0.8, 0.81, 0.6], modelId?: string) {
  const model = modelId ?? (await createTrainableModel(deps, actor));
  const work = await putTrainingToWork(deps, actor, model, { steps: 40 });
  const gpu = gpuOf(deps, actor, work.claim);
  const files: string[] = [];
  for (const [index, one] of likeness.slice(0, -1).entries()) files.push(await gpu.keep(10 * (index + 1), one));
  await gpu.succeed(40, likeness.at(-1));
  return { ...work, files };
}

async function drawnWith(modelId: string): Promise<string> {
  const order = { modelId, prompt: 'rain', n: 1, negativePrompt: '', loraWeight: 1, idempotencyKey: newId() };
  const { id, job } = await startGeneration(deps, actor, order);
  const claim = await claimGeneration(job.id);
  const { weightsId } = await deps.db.prisma.generation.findUniqueOrThrow({ where: { id } });
  const { storageKey } = await deps.db.prisma.weights.findUniqueOrThrow({ where: { id: weightsId } });
  expect(claim).toBe(storageKey);
  return weightsId;
}

/** The file that a GPU is told to draw with. */
async function claimGeneration(jobId: string): Promise<string> {
  await deps.jobs.move(move(jobId, 1, 'dispatching'));
  const answer = await deps.jobs.claim({ jobId, attempt: 1, callId: 'call' });
  if (answer.outcome !== 'claimed' || answer.work.kind !== 'generate') throw new Error('no work');
  return answer.work.weights.storageKey;
}

describe('checkpoints of a training', () => {
  it('are shown with their likeness as they come, once each, and in its history', async () => {
    const work = await putTrainingToWork(deps, actor, await createTrainableModel(deps, actor), { steps: 40 });
    const gpu = gpuOf(deps, actor, work.claim);
    await gpu.keep(10, 0.25);
    await gpu.keep(20, null);
    const view = await getTraining(deps, actor, { id: work.trainingId });
    expect(view.weights.map(({ step, likeness, final, kohya }) => [step, likeness, final, kohya])).toEqual([
      [20, null, false, false],
      [10, 0.25, false, false],
    ]);
    expect(view.suggestion).toBeNull();
    const lines = await deps.db.prisma.jobEvent.findMany({ where: { jobId: work.claim.jobId, type: 'weights' } });
    expect(lines.map(({ step }) => step).toSorted()).toEqual([10, 20]);
    expect((await getModel(deps, actor, { id: work.modelId })).weightsId).toBeNull();
  });

  it('that name a file which is not there, or a likeness out of bounds, are not kept', async () => {
    const work = await putTrainingToWork(deps, actor, await createTrainableModel(deps, actor), { steps: 40 });
    const gpu = gpuOf(deps, actor, work.claim);
    const key = await gpu.keep(10, 0.5);
    const event = { type: 'weights', ...work.claim, step: 20, likeness: 0.9 } as const;
    const object = { key: `${key}x`, sizeBytes: 1, sha256: `${'A'.repeat(43)}=` };
    const stored = await deps.jobs.storeEvent({ webhookId: 'msg_absent', event: { ...event, object } });
    if (stored.outcome === 'stored') await applyEvents(deps, [stored.id]);
    expect((await getTraining(deps, actor, { id: work.trainingId })).weights.map(({ step }) => step)).toEqual([10]);
    const tooMuch = deps.db.prisma.weights.updateMany({ where: { storageKey: key }, data: { likeness: 1.01 } });
    await expect(tooMuch).rejects.toThrow('Weights_likeness_check');
  });

  it('are compared when it has succeeded: the fewest steps that are as good as the best are suggested', async () => {
    const { trainingId, files } = await trained();
    const { suggestion, weights } = await getTraining(deps, actor, { id: trainingId });
    expect(weights.map(({ step, final }) => [step, final])).toEqual([
      [40, true],
      [30, false],
      [20, false],
      [10, false],
    ]);
    expect(suggestion).toEqual({
      weightsId: await idOf(files[1] ?? ''),
      because: 'fewer-steps',
      reason: expect.stringContaining('80 %'),
    });
  });

  it('of a second attempt at the same step do not show twice, and neither does one at the last step', async () => {
    const work = await putTrainingToWork(deps, actor, await createTrainableModel(deps, actor), { steps: 40 });
    const first = gpuOf(deps, actor, work.claim);
    await first.keep(10, 0.5);
    await first.keep(40, 0.7);
    await first.fail(true);
    const second = gpuOf(deps, actor, await claimTraining(deps, work.claim.jobId, 2));
    await second.keep(10, 0.6);
    await second.succeed(40, 0.9);
    const { weights } = await getTraining(deps, actor, { id: work.trainingId });
    expect(weights.map(({ step, likeness, final }) => [step, likeness, final])).toEqual([
      [40, 0.9, true],
      [10, 0.5, false],
    ]);
  });
});

describe('the weights that are drawn with', () => {
  it('are the newest until others are chosen, and again when the choice is taken back', async () => {
    const { modelId, files } = await trained();
    const newest = await drawnWith(modelId);
    const chosen = await idOf(files[1] ?? '');
    expect(await chooseWeights(deps, actor, { id: modelId, weightsId: chosen })).toMatchObject({ weightsId: chosen });
    expect(await drawnWith(modelId)).toBe(chosen);
    expect((await downloadWeights(deps, actor, { id: modelId })).fileName).toMatch(/-20\.safetensors$/);
    expect(await chooseWeights(deps, actor, { id: modelId, weightsId: null })).toMatchObject({ weightsId: newest });
    expect(await drawnWith(modelId)).toBe(newest);
  });

  it('are those of the next training as soon as it succeeds, and not when it fails', async () => {
    const { modelId, files } = await trained();
    const chosen = await idOf(files[0] ?? '');
    await chooseWeights(deps, actor, { id: modelId, weightsId: chosen });
    const failing = await putTrainingToWork(deps, actor, modelId, { steps: 40 });
    await gpuOf(deps, actor, failing.claim).fail(false);
    expect(await getModel(deps, actor, { id: modelId })).toMatchObject({ state: 'ready', weightsId: chosen });
    const next = await trained([0.1], modelId);
    const { weights } = await getTraining(deps, actor, { id: next.trainingId });
    expect(await getModel(deps, actor, { id: modelId })).toMatchObject({ weightsId: weights[0]?.id });
  });

  it('can be any of the model, by its owner, and no others', async () => {
    const { modelId, files } = await trained();
    const other = await trained();
    const unfinished = await putTrainingToWork(deps, actor, modelId, { steps: 40 });
    const early = await gpuOf(deps, actor, unfinished.claim).keep(10, 0.9);
    const stranger = await createActor(deps);
    const own = await idOf(files[0] ?? '');
    for (const [who, weightsId] of [
      [actor, await idOf(other.files[0] ?? '')],
      [actor, await idOf(early)],
      [actor, newId()],
      [stranger, own],
    ] as const) {
      const choice = { id: modelId, weightsId };
      await expect(chooseWeights(deps, who, choice)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(downloadWeights(deps, who, choice)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect((await downloadWeights(deps, actor, { id: modelId, weightsId: own })).fileName).toMatch(/-10\.safetensors$/);
    const kohya = { id: modelId, weightsId: own, layout: 'kohya' } as const;
    await expect(downloadWeights(deps, actor, kohya)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  it('whose file is lost give way to the newest, and what was drawn with them stays', async () => {
    const owner = await createActor(deps);
    const model = await createTrainableModel(deps, owner);
    const work = await putTrainingToWork(deps, owner, model, { steps: 40 });
    const gpu = gpuOf(deps, owner, work.claim);
    const file = await gpu.keep(10, 0.9);
    await gpu.succeed(40, 0.8);
    const weightsId = await idOf(file);
    await chooseWeights(deps, owner, { id: model, weightsId });
    await deps.storage.remove([file]);
    const scope = { roots: [], userIds: [owner.userId], markKey: `test/${newId()}` };
    // The first pass says whose store it is.
    expect((await repairObjects(deps, scope)).lost).toBe(0);
    expect((await repairObjects(deps, scope)).lost).toBeGreaterThanOrEqual(1);
    const { weightsId: used, state } = await getModel(deps, owner, { id: model });
    expect([used === weightsId, state]).toEqual([false, 'ready']);
    expect(used).not.toBeNull();
    await expect(chooseWeights(deps, owner, { id: model, weightsId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await getTraining(deps, owner, { id: work.trainingId })).weights.map(({ step }) => step)).toEqual([40]);
  });
});

describe('the sweep', () => {
  it('keeps checkpoints of a training that succeeded, and removes those of one that did not', async () => {
    const { trainingId, files } = await trained();
    const failed = await putTrainingToWork(deps, actor, await createTrainableModel(deps, actor), { steps: 40 });
    const gpu = gpuOf(deps, actor, failed.claim);
    const useless = await gpu.keep(10, 0.5);
    await gpu.fail(false);
    const again = await retryTraining(deps, actor, { id: failed.trainingId, idempotencyKey: newId() });
    expect(again.weights).toEqual([]);
    await sweep(deps, Date.now() + 2 * HOURS_MS);
    expect(await Promise.all(files.map(exists))).toEqual([true, true, true]);
    expect((await getTraining(deps, actor, { id: trainingId })).weights).toHaveLength(4);
    expect(await exists(useless)).toBe(false);
    expect(await deps.db.prisma.weights.count({ where: { trainingId: failed.trainingId } })).toBe(0);
  });

  it('takes them all with their model', async () => {
    const { modelId, files, claim } = await trained();
    await chooseWeights(deps, actor, { id: modelId, weightsId: await idOf(files[0] ?? '') });
    await deps.db.prisma.model.update({ where: { id: modelId }, data: { deletedAt: new Date(1) } });
    await sweep(deps);
    expect(await Promise.all(files.map(exists))).toEqual([false, false, false]);
    for await (const { key } of deps.storage.list(keys.gpuJob(actor.userId, claim.jobId))) expect(key).toBe('nothing');
    expect(await deps.db.prisma.weights.count({ where: { modelId } })).toBe(0);
  });
});
