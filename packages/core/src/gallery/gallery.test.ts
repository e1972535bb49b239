import { DELIVERY_WIDTHS, newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_CALL_LIMITS } from '../account/call-limits.ts';
import type { Deps } from '../deps.ts';
import { deleteModel } from '../models/delete-model.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { deleteImages, rateImage, restoreImages, setFavourite } from './change-images.ts';
import {
  addToCollection,
  createCollection,
  deleteCollection,
  listCollections,
  renameCollection,
  restoreCollection,
  takeFromCollection,
} from './collections.ts';
import { deliverImage, deliverPhoto, deliverSample } from './deliver-image.ts';
import { downloadImage } from './download-image.ts';
import { countImages, getImage, getImages, getNeighbours, listFrames, listImages } from './read-images.ts';
import { createImages } from './testing.ts';

let stack: TestDeps;
let deps: Deps;
const PAGE = { limit: 100, offset: 0, deleted: false };

beforeAll(async () => {
  stack = await createTestDeps();
  deps = stack.deps;
});
afterAll(() => stack.close());

describe('the gallery', () => {
  it('pages through images newest first and filters by model, generation and favourite', async () => {
    const actor = await createActor(deps);
    const a = await createImages(deps, actor, 5);
    const b = await createImages(deps, actor, 3);
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
    const { ids, modelId } = await createImages(deps, actor, 3);
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
    const { ids, generationId, modelId } = await createImages(deps, actor, 1);
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

describe('a filter', () => {
  it('finds prompts by the beginnings of their words, in any order and any letters, within one person', async () => {
    const actor = await createActor(deps);
    const stranger = await createActor(deps);
    const prompts = [
      'A heron in the rain',
      'herons, at dawn',
      'ein Reiher über dem Fluß',
      "it's 50mm & rain:* | 'quoted'",
    ];
    const { ids } = await createImages(deps, actor, 4, { prompts });
    await createImages(deps, stranger, 1, { prompts: ['a heron of somebody else'] });
    const found = async (search: string) =>
      (await listImages(deps, actor, { ...PAGE, search })).items.map((image) => ids.indexOf(image.id)).toSorted();
    expect(await found('heron')).toEqual([0, 1]);
    expect(await found('RAIN her')).toEqual([0]);
    expect(await found('über')).toEqual([2]);
    expect(await found('fluß')).toEqual([2]);
    expect(await found("50 quo 'rain':*")).toEqual([3]);
    expect(await found("\\ ' & | !")).toEqual([0, 1, 2, 3]);
    expect(await found('owl')).toEqual([]);
  });

  it('narrows by pack, rating, shape, collection and day, all at once', async () => {
    const actor = await createActor(deps);
    const sizes = [
      [8, 8],
      [16, 8],
      [8, 16],
    ] as const;
    const { ids } = await createImages(deps, actor, 3, { sizes, packSlug: 'a-pack' });
    const other = await createImages(deps, actor, 3, { sizes });
    const listed = async (input: object) =>
      (await listImages(deps, actor, { ...PAGE, ...input })).items.map((image) => image.id);
    expect(await listed({ pack: 'a-pack' })).toEqual(ids.toReversed());
    expect(await listed({ orientation: 'landscape' })).toEqual([other.ids[1], ids[1]]);
    await rateImage(deps, actor, { id: ids[1] ?? '', rating: 4 });
    expect(await listed({ minRating: 4 })).toEqual([ids[1]]);
    expect(await listed({ minRating: 5 })).toEqual([]);
    const collection = await createCollection(deps, actor, { name: 'Best' });
    await addToCollection(deps, actor, { id: collection.id, ids: [ids[1] ?? '', other.ids[1] ?? ''] });
    expect(
      await listed({ collectionId: collection.id, pack: 'a-pack', orientation: 'landscape', minRating: 1 }),
    ).toEqual([ids[1]]);
    const [now, later] = [new Date(Date.now() - 60_000), new Date(Date.now() + 60_000)].map((at) => at.toISOString());
    expect(await listed({ from: now, before: later })).toHaveLength(6);
    expect(await listed({ from: later })).toEqual([]);
    expect(await listed({ before: now })).toEqual([]);
  });

  it('counts, pages, measures and names neighbours in the same list', async () => {
    const actor = await createActor(deps);
    const { ids } = await createImages(deps, actor, 7, {
      prompts: ['owl', 'heron', 'owl', 'heron', 'owl', 'heron', 'owl'],
    });
    const owls = ids.filter((_, at) => at % 2 === 0).toReversed();
    const filter = { deleted: false, search: 'owl' };
    expect((await countImages(deps, actor, filter)).total).toBe(4);
    const second = await listImages(deps, actor, { ...PAGE, ...filter, limit: 2, offset: 2 });
    expect(second.items.map((image) => image.id)).toEqual(owls.slice(2));
    const frames = await listFrames(deps, actor, { ...filter, limit: 3, offset: 0 });
    expect(frames).toEqual({ items: owls.slice(0, 3).map((id) => [id, 8, 8]), nextCursor: owls[2] });
    expect(await getNeighbours(deps, actor, { ...filter, id: owls[1] ?? '' })).toEqual({
      before: owls[0],
      after: owls[2],
    });
    expect(await getNeighbours(deps, actor, { ...filter, id: owls[3] ?? '' })).toEqual({
      before: owls[2],
      after: null,
    });
    const stranger = await createActor(deps);
    expect((await getImages(deps, stranger, { ids })).items).toEqual([]);
    expect((await getImages(deps, actor, { ids: ids.slice(0, 2) })).items).toHaveLength(2);
  });
});

describe('marks and collections', () => {
  it('keep a rating until it is taken away, and show the recipe', async () => {
    const actor = await createActor(deps);
    const { ids } = await createImages(deps, actor, 1);
    const [id = ''] = ids;
    expect(await rateImage(deps, actor, { id, rating: 5 })).toMatchObject({ rating: 5 });
    expect(await getImage(deps, actor, { id })).toMatchObject({
      rating: 5,
      modelName: 'Rex',
      settings: { steps: 1, guidance: 1, loraWeight: 1, negativePrompt: '' },
      pack: null,
      collections: [],
    });
    expect(await rateImage(deps, actor, { id, rating: null })).toMatchObject({ rating: null });
  });

  it('hold images without keeping them, and are nobody else’s', async () => {
    const actor = await createActor(deps);
    const stranger = await createActor(deps);
    const { ids } = await createImages(deps, actor, 3);
    const foreign = await createImages(deps, stranger, 1);
    const { id } = await createCollection(deps, actor, { name: 'Best' });
    expect(await addToCollection(deps, actor, { id, ids: [...ids, ...foreign.ids] })).toEqual({ changed: 3 });
    expect(await addToCollection(deps, actor, { id, ids })).toEqual({ changed: 0 });
    expect(await renameCollection(deps, actor, { id, name: 'Better' })).toMatchObject({ name: 'Better', count: 3 });
    await deleteImages(deps, actor, { ids: ids.slice(0, 1) });
    expect((await listCollections(deps, actor)).items).toMatchObject([{ id, count: 2, coverImageId: ids[2] }]);
    expect(await takeFromCollection(deps, actor, { id, ids: ids.slice(2) })).toEqual({ changed: 1 });
    await deleteCollection(deps, actor, { id });
    expect((await listCollections(deps, actor)).items).toEqual([]);
    expect((await listImages(deps, actor, { ...PAGE, collectionId: id })).items).toEqual([]);
    expect(await restoreCollection(deps, actor, { id })).toMatchObject({ count: 1 });
    const calls = [
      (one: string) => renameCollection(deps, stranger, { id: one, name: 'Mine' }),
      (one: string) => deleteCollection(deps, stranger, { id: one }),
      (one: string) => addToCollection(deps, stranger, { id: one, ids: foreign.ids }),
      (one: string) => takeFromCollection(deps, stranger, { id: one, ids }),
      (one: string) => restoreCollection(deps, stranger, { id: one }),
    ];
    for (const call of calls) {
      const refused = await call(id).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'NOT_FOUND' });
      expect(refused).toEqual(await call(newId()).catch((error: unknown) => error));
    }
    expect((await listImages(deps, stranger, { ...PAGE, collectionId: id })).items).toEqual([]);
  });
});

describe('delivery', () => {
  it('draws the asked width once, never larger than the image, and keeps it', async () => {
    const actor = await createActor(deps);
    const { ids } = await createImages(deps, actor, 1);
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
    await expect.poll(async () => (await getImage(deps, actor, { id })).thumbhash).toMatch(/^[A-Za-z0-9+/]{20,40}=*$/);
    await deps.storage.remove([key]);
    const again = await deliverImage(deps, actor, { id, widthPx: 1920, format: 'webp' });
    expect(await again.bytes()).toEqual(drawn[0]);
  });

  it('that has to be drawn counts as a read and takes a place; what is stored does neither', async () => {
    const limits = { ...NO_CALL_LIMITS, picturesAtOnce: 2, readsPer15Min: 3 };
    const limited = await createTestDeps({ callLimits: limits });
    const actor = await createActor(limited.deps);
    const { ids } = await createImages(limited.deps, actor, 1);
    const [id = ''] = ids;
    const key = `o/${actor.userId}/${id}.png`;
    const picture = sharp({ create: { width: 2_000, height: 1_000, channels: 3, background: '#123' } });
    await limited.deps.storage.write(key, await picture.png().toBuffer(), 'image/png');
    const ask = async (widthPx: (typeof DELIVERY_WIDTHS)[number], format: 'avif' | 'webp' = 'webp') =>
      (await deliverImage(limited.deps, actor, { id, widthPx, format })).bytes().then(
        () => 'drawn',
        (error: { code: string }) => error.code,
      );
    const [a = 128, b = 128, c = 128] = DELIVERY_WIDTHS;
    expect(await ask(a)).toBe('drawn');
    await expect.poll(() => limited.deps.storage.head(keys.derivative(key, a, 'webp'))).not.toBeNull();
    // Two others of theirs are being drawn.
    const leaves = [1, 2].map(() => limited.deps.callLimits.enter(actor.userId, 'picture'));
    expect(await ask(b)).toBe('RATE_LIMITED');
    expect(new Set(await Promise.all(Array.from({ length: 12 }, () => ask(a))))).toEqual(new Set(['drawn']));
    for (const leave of leaves) leave();
    expect([await ask(b), await ask(c), await ask(c, 'avif')]).toEqual(['drawn', 'drawn', 'RATE_LIMITED']);
    expect(await ask(a)).toBe('drawn');
    await limited.close();
  });

  it.each(['avif', 'webp'] as const)(
    'says in every small %s that a model made it, and says no such thing of a photo',
    async (format) => {
      const actor = await createActor(deps);
      const { modelId, ids } = await createImages(deps, actor, 1);
      const picture = sharp({ create: { width: 300, height: 150, channels: 3, background: '#123' } });
      const trainingId = (await deps.db.prisma.training.findFirstOrThrow({ where: { modelId } })).id;
      const [id = '', sampleId, photoId] = [ids[0], newId(), newId()];
      const sampleKey = `o/${actor.userId}/${sampleId}.png`;
      await deps.storage.write(`o/${actor.userId}/${id}.png`, await picture.png().toBuffer(), 'image/png');
      await deps.storage.write(sampleKey, await picture.png().toBuffer(), 'image/png');
      await deps.storage.write(
        keys.photo(actor.userId, modelId, photoId),
        await picture.jpeg().toBuffer(),
        'image/jpeg',
      );
      const sample = { id: sampleId, userId: actor.userId, trainingId, step: 1, position: 0, prompt: 'p' };
      await deps.db.prisma.sample.create({ data: { ...sample, storageKey: sampleKey, width: 300, height: 150 } });
      const photo = { id: photoId, userId: actor.userId, modelId, fileName: 'a.jpg', contentType: 'image/jpeg' };
      await deps.db.prisma.photo.create({ data: { ...photo, sizeBytes: 1, state: 'ready' } });
      const markOf = async (deliver: typeof deliverImage, one: string) => {
        const { bytes } = await deliver(deps, actor, { id: one, widthPx: 128, format });
        return (await sharp(await bytes()).metadata()).xmp?.toString() ?? '';
      };
      const mark = 'DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"';
      expect(await markOf(deliverImage, id)).toContain(mark);
      expect(await markOf(deliverSample, sampleId)).toContain(mark);
      expect(await markOf(deliverPhoto, photoId)).toBe('');
    },
  );

  it('signs downloads for five minutes, as attachments', async () => {
    const actor = await createActor(deps);
    const { ids } = await createImages(deps, actor, 1);
    const [id = ''] = ids;
    await deps.storage.write(`o/${actor.userId}/${id}.png`, Buffer.from('png'), 'image/png');
    const { url, fileName, expiresAt } = await downloadImage(deps, actor, { id });
    expect(new Date(expiresAt).getTime() - Date.now()).toBeLessThanOrEqual(5 * 60_000);
    const answer = await fetch(url);
    expect(answer.headers.get('content-disposition')).toContain(fileName);
    expect(await answer.text()).toBe('png');
  });
});
