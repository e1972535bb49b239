import { newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { deleteModel } from '../models/delete-model.ts';
import { createModel } from '../models/write-model.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { deleteImages, restoreImages, setFavourite } from './change-images.ts';
import { deliverImage, deliverPhoto } from './deliver-image.ts';
import { downloadImage } from './download-image.ts';
import { getImage, listImages } from './read-images.ts';

let stack: TestDeps;
let deps: Deps;
const PAGE = { limit: 100, offset: 0, deleted: false };

beforeAll(async () => {
  stack = await createTestDeps();
  deps = stack.deps;
});
afterAll(() => stack.close());

/** A finished generation, written as the apply step leaves it. */
async function createImages(actor: Actor, count: number, modelId?: string) {
  const { prisma } = deps.db;
  const { userId } = actor;
  const model = modelId ?? (await createModel(deps, actor, { name: 'Rex', classWord: 'dog' })).id;
  const settings = { rank: 4 };
  const training = { id: newId(), userId, modelId: model, profile: 'nano', preset: 'fast', settings, photoIds: [] };
  await prisma.training.create({ data: training });
  const file = { sizeBytes: 1, sha256: 'x' };
  const weights = {
    id: newId(),
    userId,
    modelId: model,
    trainingId: training.id,
    step: 9,
    final: true,
    profile: 'nano',
    ...file,
  };
  await prisma.weights.create({ data: { ...weights, storageKey: `o/${weights.id}` } });
  const drawing = { prompt: 'p', seed: 1n, width: 8, height: 8 };
  const generation = { id: newId(), userId, modelId: model, weightsId: weights.id, planned: [], ...drawing };
  await prisma.generation.create({ data: { ...generation, negativePrompt: '', steps: 1, guidance: 1, loraWeight: 1 } });
  const images = Array.from({ length: count }, (_, position) => {
    const id = newId();
    const head = {
      id,
      userId,
      modelId: model,
      generationId: generation.id,
      position,
      state: 'ready',
      compiledPrompt: 'p',
    };
    return { ...head, ...drawing, ...file, storageKey: `o/${userId}/${id}.png` };
  });
  await prisma.image.createMany({ data: images });
  return { modelId: model, generationId: generation.id, ids: images.map((image) => image.id) };
}

describe('the gallery', () => {
  it('pages through images newest first and filters by model, generation and favourite', async () => {
    const actor = await createActor(deps);
    const a = await createImages(actor, 5);
    const b = await createImages(actor, 3);
    const listed = async (input: object) =>
      (await listImages(deps, actor, { ...PAGE, ...input })).items.map((image) => image.id);
    expect(await listed({})).toEqual([...a.ids, ...b.ids].toReversed());
    expect(await listed({ modelId: a.modelId })).toEqual(a.ids.toReversed());
    expect(await listed({ generationId: b.generationId })).toEqual(b.ids.toReversed());
    await setFavourite(deps, actor, { id: a.ids[2] ?? '', favourite: true });
    expect(await listed({ favourite: true })).toEqual([a.ids[2]]);
    const first = await listImages(deps, actor, { ...PAGE, limit: 6 });
    const second = await listImages(deps, actor, { ...PAGE, limit: 6, cursor: first.nextCursor ?? '' });
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([6, 2, null]);
  });

  it('moves images to the trash and back, and hides those of a deleted model', async () => {
    const actor = await createActor(deps);
    const { ids, modelId } = await createImages(actor, 3);
    expect(await deleteImages(deps, actor, { ids: [...ids.slice(0, 2), newId()] })).toEqual({ changed: 2 });
    expect((await listImages(deps, actor, PAGE)).items).toHaveLength(1);
    expect((await listImages(deps, actor, { ...PAGE, deleted: true })).items.map((image) => image.id)).toEqual([
      ids[1],
      ids[0],
    ]);
    expect(await restoreImages(deps, actor, { ids })).toEqual({ changed: 2 });
    await deleteModel(deps, actor, { id: modelId });
    expect((await listImages(deps, actor, PAGE)).items).toEqual([]);
  });

  it('shows nobody else anything: foreign images answer like absent ones', async () => {
    const actor = await createActor(deps);
    const stranger = await createActor(deps);
    const { ids, generationId, modelId } = await createImages(actor, 1);
    const [id = ''] = ids;
    expect((await listImages(deps, stranger, { ...PAGE, generationId, modelId })).items).toEqual([]);
    expect(await deleteImages(deps, stranger, { ids })).toEqual({ changed: 0 });
    const request = { widthPx: null, format: 'webp' } as const;
    const calls = [
      (one: string) => getImage(deps, stranger, { id: one }),
      (one: string) => downloadImage(deps, stranger, { id: one }),
      (one: string) => setFavourite(deps, stranger, { id: one, favourite: true }),
      (one: string) => deliverImage(deps, stranger, { id: one, ...request }),
      (one: string) => deliverPhoto(deps, stranger, { id: one, ...request }),
    ];
    for (const call of calls) {
      const foreign = await call(id).catch((error: unknown) => error);
      expect(foreign).toMatchObject({ code: 'NOT_FOUND' });
      expect(foreign).toEqual(await call(newId()).catch((error: unknown) => error));
    }
    expect(await getImage(deps, actor, { id })).toMatchObject({ favourite: false, deletedAt: null });
  });
});

describe('delivery', () => {
  it('draws the asked width once, never larger than the image, and keeps it', async () => {
    const actor = await createActor(deps);
    const { ids } = await createImages(actor, 1);
    const [id = ''] = ids;
    const key = `o/${actor.userId}/${id}.png`;
    await deps.storage.write(
      key,
      await sharp({ create: { width: 300, height: 150, channels: 3, background: '#123' } })
        .png()
        .toBuffer(),
      'image/png',
    );
    const small = await deliverImage(deps, actor, { id, widthPx: 128, format: 'avif' });
    expect(await sharp(await small.bytes()).metadata()).toMatchObject({ width: 128, height: 64, format: 'heif' });
    const large = await deliverImage(deps, actor, { id, widthPx: 1920, format: 'webp' });
    const drawn = await Promise.all([large.bytes(), large.bytes(), large.bytes()]);
    expect(await sharp(drawn[0]).metadata()).toMatchObject({ width: 300, format: 'webp' });
    expect(drawn[1]).toBe(drawn[0]);
    await expect.poll(() => deps.storage.head(keys.derivative(key, 1920, 'webp'))).not.toBeNull();
    await deps.storage.remove([key]);
    const again = await deliverImage(deps, actor, { id, widthPx: 1920, format: 'webp' });
    expect(await again.bytes()).toEqual(drawn[0]);
  });

  it('signs downloads for five minutes, as attachments', async () => {
    const actor = await createActor(deps);
    const { ids } = await createImages(actor, 1);
    const [id = ''] = ids;
    await deps.storage.write(`o/${actor.userId}/${id}.png`, Buffer.from('png'), 'image/png');
    const { url, fileName, expiresAt } = await downloadImage(deps, actor, { id });
    expect(new Date(expiresAt).getTime() - Date.now()).toBeLessThanOrEqual(5 * 60_000);
    const answer = await fetch(url);
    expect(answer.headers.get('content-disposition')).toContain(fileName);
    expect(await answer.text()).toBe('png');
  });
});
