import { newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { sweep } from './sweep.ts';

const DAY_MS = 86_400_000;

let test: TestDeps;
let deps: Deps;
let actor: Actor;
beforeAll(async () => {
  test = await createTestDeps();
  ({ deps } = test);
  actor = await createActor(deps);
});
afterAll(() => test.close());

async function put(key: string): Promise<string> {
  await deps.storage.write(key, Buffer.from('x'), 'image/png');
  return key;
}
const exists = async (key: string): Promise<boolean> => (await deps.storage.head(key)) !== null;

/** A model with a photo and an ended generation that left one image, one object of a lost claim, and a small version. */
async function createModel(deletedAt: Date | null) {
  const { userId } = actor;
  const [modelId, photoId, trainingId, weightsId, generationId, jobId, imageId] = Array.from({ length: 7 }, newId) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const data = { userId, modelId };
  await deps.db.prisma.model.create({
    data: {
      id: modelId,
      userId,
      name: 'Ada',
      classWord: 'woman',
      triggerWord: `sks_${modelId.slice(-6)}`,
      state: 'ready',
      deletedAt,
    },
  });
  await deps.db.prisma.photo.create({
    data: { id: photoId, ...data, fileName: 'a.jpg', contentType: 'image/jpeg', sizeBytes: 1, state: 'ready' },
  });
  await deps.db.prisma.training.create({
    data: { id: trainingId, ...data, profile: 'nano', preset: 'fast', settings: {}, photoIds: [photoId] },
  });
  await deps.db.prisma.weights.create({
    data: {
      id: weightsId,
      ...data,
      trainingId,
      step: 1,
      final: true,
      storageKey: `o/${weightsId}`,
      sizeBytes: 1,
      sha256: 'x',
      profile: 'nano',
    },
  });
  const drawing = {
    negativePrompt: '',
    seed: 1,
    steps: 1,
    guidance: 1,
    width: 64,
    height: 64,
    loraWeight: 1,
    planned: [],
  };
  await deps.db.prisma.generation.create({ data: { id: generationId, ...data, weightsId, ...drawing } });
  const endedAt = new Date(Date.now() - DAY_MS);
  await deps.db.prisma.job.create({
    data: {
      ...{ id: jobId, ...data, kind: 'generate', generationId, state: 'succeeded', endedAt, deadlineAt: endedAt },
      unswept: { create: {} },
    },
  });
  const imageKey = await put(keys.gpuObject({ userId, jobId, attempt: 1, claimEpoch: 2, name: 'image.png' }));
  const planned = { position: 0, prompt: 'x', compiledPrompt: 'x', seed: 1, width: 64, height: 64 };
  await deps.db.prisma.image.create({
    data: {
      id: imageId,
      ...data,
      generationId,
      state: 'ready',
      ...planned,
      storageKey: imageKey,
      sizeBytes: 1,
      sha256: 'x',
    },
  });
  return {
    modelId,
    imageId,
    imageKey,
    lostKey: await put(keys.gpuObject({ userId, jobId, attempt: 1, claimEpoch: 1, name: 'image.png' })),
    smallKey: await put(keys.derivative(imageKey, 128, 'webp')),
    photoKey: await put(keys.photo(userId, modelId, photoId)),
  };
}

it('removes what claims that did not win left behind, and keeps results', async () => {
  const model = await createModel(null);
  await sweep(deps);
  expect(await exists(model.lostKey)).toBe(false);
  expect(await exists(model.imageKey)).toBe(true);
  expect(await exists(model.photoKey)).toBe(true);
});

it('keeps deleted things for 30 days, then nothing of them is left', async () => {
  const model = await createModel(new Date());
  await sweep(deps, Date.now() + 29 * DAY_MS);
  expect(await exists(model.imageKey)).toBe(true);
  await sweep(deps, Date.now() + 31 * DAY_MS);
  for (const key of [model.imageKey, model.smallKey, model.photoKey]) expect(await exists(key)).toBe(false);
  expect(await deps.db.prisma.model.findUnique({ where: { id: model.modelId } })).toBeNull();
  expect(await deps.db.prisma.image.count({ where: { modelId: model.modelId } })).toBe(0);
});

it('empties a deleted image after 30 days and never draws it again', async () => {
  const model = await createModel(null);
  await deps.db.prisma.image.update({ where: { id: model.imageId }, data: { deletedAt: new Date() } });
  await sweep(deps, Date.now() + 31 * DAY_MS);
  expect(await exists(model.imageKey)).toBe(false);
  expect(await exists(model.smallKey)).toBe(false);
  expect(await deps.db.prisma.image.findUnique({ where: { id: model.imageId } })).toMatchObject({
    storageKey: null,
    failureCode: 'DELETED',
  });
});

it('forgets uploads that were never completed after a day, with their bytes', async () => {
  const model = await createModel(null);
  const id = newId();
  const { userId } = actor;
  const data = { id, userId, modelId: model.modelId, fileName: 'a.jpg', contentType: 'image/jpeg', sizeBytes: 1 };
  await deps.db.prisma.photo.create({ data });
  const key = await put(keys.photoUpload(userId, id));
  await sweep(deps);
  expect(await exists(key)).toBe(true);
  await sweep(deps, Date.now() + 2 * DAY_MS);
  expect(await exists(key)).toBe(false);
  expect(await deps.db.prisma.photo.findUnique({ where: { id } })).toBeNull();
});
