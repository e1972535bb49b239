import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { LIMITS, newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { createModel } from '../models/write-model.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { checkPhoto } from './check-photo.ts';
import { completePhoto } from './complete-photo.ts';
import { createPhoto } from './create-photo.ts';
import { decodePhoto } from './decode-photo.ts';
import { deletePhoto, restorePhoto } from './delete-photo.ts';
import { listPhotos } from './list-photos.ts';

type ContentType = 'image/jpeg' | 'image/png' | 'image/webp';
let stack: TestDeps;
let deps: Deps;
let actor: Actor;

beforeAll(async () => {
  stack = await createTestDeps();
  deps = stack.deps;
  actor = await createActor(deps);
});
afterAll(() => stack.close());

async function newModel(owner = actor, classWord = 'dog'): Promise<string> {
  return (await createModel(deps, owner, { name: 'Rex', classWord })).id;
}

let drawn = 0;
beforeEach(() => {
  drawn = 0;
});

/** The same bytes in every run: of random ones, one looks like a face now and then. */
function nextBytes(outputLength: number): Buffer {
  drawn += 1;
  return createHash('shake256', { outputLength }).update(`photo ${drawn}`).digest();
}

/** Patches that differ from call to call within a test, so that no two photos look the same. */
function drawing(width = 200, height = 120) {
  const patches = sharp(nextBytes(24 * 24 * 3), { raw: { width: 24, height: 24, channels: 3 } });
  return patches.resize(width, height, { fit: 'fill', kernel: 'nearest' });
}

async function announce(modelId: string, bytes: Buffer, contentType: ContentType = 'image/jpeg') {
  return createPhoto(deps, actor, { modelId, fileName: 'photo.jpg', contentType, sizeBytes: bytes.length });
}

/** As the browser does it: announce, PUT, complete. */
async function upload(modelId: string, bytes: Buffer, contentType: ContentType = 'image/jpeg'): Promise<string> {
  const { photo, upload: target } = await announce(modelId, bytes, contentType);
  const answer = await fetch(target.url, { method: 'PUT', headers: target.headers, body: new Uint8Array(bytes) });
  expect(answer.status).toBe(200);
  await completePhoto(deps, actor, { id: photo.id });
  return photo.id;
}

async function verdictOn(modelId: string, bytes: Buffer, contentType: ContentType = 'image/jpeg') {
  const id = await upload(modelId, bytes, contentType);
  await checkPhoto(deps, id);
  const photo = (await listPhotos(deps, actor, { modelId })).items.find((item) => item.id === id);
  return photo?.refusal?.code ?? photo?.state;
}

/** A real PNG of black pixels, one bit each: 200 megapixels in some 30 kB. */
function blackPng(width: number, height: number): Buffer {
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  const rows = deflateSync(Buffer.alloc((width / 8 + 1) * height));
  const parts: [string, Buffer][] = [
    ['IHDR', Buffer.concat([size, Buffer.from([1, 0, 0, 0, 0])])],
    ['IDAT', rows],
    ['IEND', Buffer.alloc(0)],
  ];
  const chunks = parts.map(([name, data]) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(data.length);
    const body = Buffer.concat([Buffer.from(name), data]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([head, body, sum]);
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

describe('a photo that arrives whole', () => {
  it('becomes ready, upright, without EXIF or GPS, and leaves quarantine', async () => {
    const modelId = await newModel();
    const bytes = await drawing(200, 120)
      .jpeg()
      .withMetadata({ orientation: 6 })
      .withExifMerge({ IFD0: { Artist: 'canary-artist' }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
      .toBuffer();
    expect((await sharp(bytes).metadata()).orientation).toBe(6);
    const id = await upload(modelId, bytes);
    await checkPhoto(deps, id);

    const [photo] = (await listPhotos(deps, actor, { modelId })).items;
    expect(photo).toMatchObject({ id, state: 'ready', width: 120, height: 200, refusal: null });
    const kept = await deps.storage.read(keys.photo(actor.userId, modelId, id), 1e6);
    const head = await sharp(kept ?? Buffer.alloc(0)).metadata();
    expect(head).toMatchObject({ format: 'jpeg', width: 120, height: 200 });
    expect(head.exif).toBeUndefined();
    expect(kept?.includes('canary-artist')).toBe(false);
    expect(photo?.sizeBytes).toBe(kept?.length);
    expect(await deps.storage.head(keys.photoUpload(actor.userId, id))).toBeNull();
  });

  it('may have just under 50 megapixels, in the form that takes a decoder the most memory', async () => {
    const bytes = await drawing(8160, 6120).jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer();
    expect(await decodePhoto(bytes, 'image/jpeg', { person: true })).toMatchObject({
      ok: true,
      width: 1536,
      height: 2048,
    });
  });

  it('is made at most 2048 px long, and keeps its shape', async () => {
    const modelId = await newModel();
    const id = await upload(modelId, await drawing(3000, 1500).png().toBuffer(), 'image/png');
    await checkPhoto(deps, id);
    expect((await listPhotos(deps, actor, { modelId })).items[0]).toMatchObject({ width: 2048, height: 1024 });
  });

  it('is checked by a task that was written with its state, once however often complete is called', async () => {
    const modelId = await newModel();
    const id = await upload(modelId, await drawing().webp().toBuffer(), 'image/webp');
    const again = await Promise.all([1, 2, 3, 4].map(() => completePhoto(deps, actor, { id })));
    expect(again.map((photo) => photo.state)).toEqual(['checking', 'checking', 'checking', 'checking']);
    const tasks = await deps.db.prisma.outbox.findMany({ where: { payload: { path: ['photoId'], equals: id } } });
    expect(tasks.map((task) => task.task)).toEqual(['check-photo']);
    await Promise.all([checkPhoto(deps, id), checkPhoto(deps, id)]);
    await checkPhoto(deps, id);
    expect((await listPhotos(deps, actor, { modelId })).items).toHaveLength(1);
  });

  it('is told to open tabs', async () => {
    const modelId = await newModel();
    const heard: unknown[] = [];
    const stop = await deps.live.follow(actor.userId, (message) => heard.push(message));
    const id = await upload(modelId, await drawing().jpeg().toBuffer());
    await checkPhoto(deps, id);
    await expect.poll(() => heard).toContainEqual({ type: 'photo', photoId: id, modelId });
    await stop();
  });
});

describe('a file that is no usable photo is refused with its reason', () => {
  it.each<[string, string, () => Promise<Buffer> | Buffer]>([
    ['text named .jpg', 'NOT_AN_IMAGE', () => Buffer.from('hello, I am a photo\n'.repeat(50))],
    ['an SVG', 'NOT_AN_IMAGE', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
    ['a GIF', 'NOT_AN_IMAGE', () => drawing().gif().toBuffer()],
    ['a PNG announced as JPEG', 'TYPE_MISMATCH', () => drawing().png().toBuffer()],
    ['a truncated JPEG', 'TRUNCATED', async () => cut(await noise(400, 300).jpeg().toBuffer())],
    ['a JPEG of only its first bytes', 'TRUNCATED', () => Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16])],
    ['a photo of 40 px', 'TOO_SMALL', () => drawing(200, 40).jpeg().toBuffer()],
  ])('%s: %s', async (_, code, make) => {
    expect(await verdictOn(await newModel(), await make())).toBe(code);
  });

  it('a PNG of 200 megapixels: TOO_MANY_PIXELS, before it takes memory or time', async () => {
    const bomb = blackPng(20_000, 10_000);
    expect(await sharp(bomb, { limitInputPixels: false }).metadata()).toMatchObject({ width: 20_000, height: 10_000 });
    expect(bomb.length).toBeLessThan(LIMITS.photos.maxBytes);
    // Decoded, it would be refused by its time or its memory.
    expect(await verdictOn(await newModel(), bomb, 'image/png')).toBe('TOO_MANY_PIXELS');
  });

  it('49 megapixels of 16 bits: TOO_COMPLEX, and so is what outgrows the memory of a decoder all the same', async () => {
    const deep = drawing(7000, 7000).ensureAlpha().toColourspace('rgb16').png({ compressionLevel: 1 });
    expect(await decodePhoto(await deep.toBuffer(), 'image/png')).toEqual({ ok: false, code: 'TOO_COMPLEX' });
    const large = await drawing(7000, 7000).jpeg({ progressive: true }).toBuffer();
    // Enough for the process to stand, not for the picture.
    expect(await decodePhoto(large, 'image/jpeg', { limits: { timeMs: 60_000, memoryKb: 720_000 } })).toEqual({
      ok: false,
      code: 'TOO_COMPLEX',
    });
  });

  it('the same photo twice: DUPLICATE, also when both are checked at once', async () => {
    const modelId = await newModel();
    const bytes = await drawing().jpeg().toBuffer();
    const ids = [await upload(modelId, bytes), await upload(modelId, bytes), await upload(modelId, bytes)];
    await Promise.all(ids.map((id) => checkPhoto(deps, id)));
    const states = (await listPhotos(deps, actor, { modelId })).items.map(
      (photo) => photo.refusal?.code ?? photo.state,
    );
    expect(states.toSorted()).toEqual(['DUPLICATE', 'DUPLICATE', 'ready']);
    // The refused ones leave nothing behind, though they were found out only when their copies were there.
    const copies = await Promise.all(ids.map((id) => deps.storage.head(keys.photo(actor.userId, modelId, id))));
    expect(copies.filter((copy) => copy !== null)).toHaveLength(1);
    expect(await verdictOn(await newModel(), bytes)).toBe('ready');
  });

  it('a decoder that cannot run at all says nothing about the photo, which is checked again', async () => {
    await expect(
      decodePhoto(Buffer.alloc(0), 'image/png', { limits: { timeMs: 0, memoryKb: 1_200_000 } }),
    ).rejects.toThrow('did not start');
    const modelId = await newModel();
    const id = await upload(modelId, await drawing().jpeg().toBuffer());
    await expect(checkPhoto(deps, id, () => Promise.reject(new Error('no such program')))).rejects.toThrow();
    expect((await listPhotos(deps, actor, { modelId })).items[0]?.state).toBe('checking');
    await checkPhoto(deps, id, async () => ({ ok: false, code: 'TOO_SLOW' }));
    expect((await listPhotos(deps, actor, { modelId })).items[0]?.refusal?.code).toBe('TOO_SLOW');
  });
});

describe('a photo that is no use for a training is refused with its reason', () => {
  const plain = (grey: number) =>
    sharp({ create: { width: 300, height: 300, channels: 3, background: { r: grey, g: grey, b: grey } } });
  it.each<[string, string, () => Promise<Buffer>]>([
    ['one plain surface', 'PLAIN', () => plain(120).jpeg().toBuffer()],
    ['a black photo', 'TOO_DARK', () => plain(3).jpeg().toBuffer()],
    ['a white photo', 'TOO_BRIGHT', () => plain(252).jpeg().toBuffer()],
    ['a photo that is blurred everywhere', 'BLURRED', () => drawing(900, 900).blur(40).jpeg().toBuffer()],
  ])('%s: %s', async (_, code, make) => {
    expect(await verdictOn(await newModel(), await make())).toBe(code);
  });

  it('several people where the subject is one: MANY_FACES; none: taken with a warning; of a dog: taken with a warning, and nothing of the faces is kept', async () => {
    const people = await sharp(fileURLToPath(import.meta.resolve('@vladmandic/face-api/demo/sample6.jpg'))).toBuffer();
    const ofPerson = await newModel(actor, 'woman');
    expect(await verdictOn(ofPerson, people)).toBe('MANY_FACES');
    // Always the same: in patches drawn by chance the detector sees a face now and then.
    const board = Buffer.from(Array.from({ length: 15 * 10 * 3 }, (_, at) => (Math.floor(at / 3) % 2 ? 200 : 60)));
    const chequered = sharp(board, { raw: { width: 15, height: 10, channels: 3 } });
    const faceless = await chequered.resize(600, 400, { fit: 'fill', kernel: 'nearest' }).jpeg().toBuffer();
    expect(await verdictOn(ofPerson, faceless)).toBe('ready');
    const ofDog = await newModel();
    expect(await verdictOn(ofDog, people)).toBe('ready');
    const taken = async (modelId: string) =>
      (await listPhotos(deps, actor, { modelId })).items.find((item) => item.state === 'ready');
    expect((await taken(ofPerson))?.warnings.map(({ code }) => code)).toContain('NO_FACE');
    expect((await taken(ofDog))?.look?.faces).toBeUndefined();
    expect((await taken(ofDog))?.warnings.map(({ code }) => code)).toContain('A_PERSON');
  });

  it('nearly the same photo as another of the set: NEAR_DUPLICATE, also when both are checked at once', async () => {
    const modelId = await newModel();
    const photo = await drawing(600, 400).jpeg().toBuffer();
    const smaller = await sharp(photo).resize(450).webp({ quality: 70 }).toBuffer();
    const brighter = await sharp(photo).modulate({ brightness: 1.1 }).png().toBuffer();
    const ids = [
      await upload(modelId, photo),
      await upload(modelId, smaller, 'image/webp'),
      await upload(modelId, brighter, 'image/png'),
    ];
    await Promise.all(ids.map((id) => checkPhoto(deps, id)));
    const { items } = await listPhotos(deps, actor, { modelId });
    expect(items.map((item) => item.refusal?.code ?? item.state).toSorted()).toEqual([
      'NEAR_DUPLICATE',
      'NEAR_DUPLICATE',
      'ready',
    ]);
    // The refused ones leave nothing behind, though they were found out only when their copies were there.
    const copies = await Promise.all(ids.map((id) => deps.storage.head(keys.photo(actor.userId, modelId, id))));
    expect(copies.filter((copy) => copy !== null)).toHaveLength(1);
    expect(await verdictOn(modelId, await drawing(600, 400).jpeg().toBuffer())).toBe('ready');
    // In another set it is welcome.
    expect(await verdictOn(await newModel(), smaller, 'image/webp')).toBe('ready');
  });

  it('does not come back from the trash when nearly the same took its place', async () => {
    const modelId = await newModel();
    const photo = await drawing(600, 400).jpeg().toBuffer();
    const id = await upload(modelId, photo);
    await checkPhoto(deps, id);
    await deletePhoto(deps, actor, { id });
    expect(await verdictOn(modelId, await sharp(photo).resize(450).jpeg().toBuffer())).toBe('ready');
    await expect(restorePhoto(deps, actor, { id })).rejects.toMatchObject({ code: 'PHOTO_DUPLICATE' });
  });
});

it('a borderline photo is ready and says what could be better, also how it stands to the others', async () => {
  const modelId = await newModel();
  const photo = await drawing(600, 600).jpeg().toBuffer();
  await checkPhoto(deps, await upload(modelId, photo));
  await checkPhoto(deps, await upload(modelId, await drawing(90, 90).jpeg().toBuffer()));
  const moved = await sharp(photo).extract({ left: 12, top: 12, width: 576, height: 576 }).jpeg().toBuffer();
  await checkPhoto(deps, await upload(modelId, moved));
  const { items } = await listPhotos(deps, actor, { modelId });
  expect(items.map((item) => [item.state, item.warnings.map(({ code }) => code)])).toEqual([
    ['ready', ['SIMILAR']],
    ['ready', ['SMALL']],
    ['ready', ['SIMILAR']],
  ]);
  expect(items[0]?.look).toMatchObject({ width: 600, height: 600, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

describe('an upload that does not keep to its announcement', () => {
  it('never sent: PHOTO_NOT_UPLOADED', async () => {
    const { photo } = await announce(await newModel(), Buffer.alloc(100));
    await expect(completePhoto(deps, actor, { id: photo.id })).rejects.toMatchObject({ code: 'PHOTO_NOT_UPLOADED' });
  });

  it('of another size is refused by the store, and by name if it is there all the same', async () => {
    const { photo, upload: target } = await announce(await newModel(), Buffer.alloc(100));
    const sent = await fetch(target.url, { method: 'PUT', headers: target.headers, body: new Uint8Array(99) });
    expect(sent.status).toBe(403);
    await deps.storage.write(keys.photoUpload(actor.userId, photo.id), Buffer.alloc(99), 'image/jpeg');
    await expect(completePhoto(deps, actor, { id: photo.id })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'sizeBytes: 100 bytes were announced, 99 arrived.',
      fields: [{ path: 'sizeBytes' }],
    });
  });
});

describe('the store of one person', () => {
  it('takes no photo beyond its limit, of any model, however many come at once, and says what is in use', async () => {
    const tight = { ...deps, config: { ...deps.config, storagePerPersonBytes: 1_000_000 } };
    const person = await createActor(deps);
    const models = [await newModel(person), await newModel(person), await newModel(person)];
    const photo = { fileName: 'a.jpg', contentType: 'image/jpeg' as const, sizeBytes: 300_000 };
    const results = await Promise.allSettled(
      [...models, ...models, ...models].map((modelId) => createPhoto(tight, person, { modelId, ...photo })),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(3);
    const refusal = results.find((result) => result.status === 'rejected')?.reason;
    expect(refusal).toMatchObject({ code: 'STORAGE_FULL', fields: [{ path: 'sizeBytes' }] });
    expect(refusal.message).toMatch(/0\.9 MB of 1 MB.*needs 0\.3 MB/);
    // What fits still does; what another person has does not count.
    await createPhoto(tight, person, { modelId: models[0] ?? '', ...photo, sizeBytes: 100_000 });
    const other = await createActor(deps);
    await createPhoto(tight, other, { modelId: await newModel(other), ...photo });
  });

  it('counts what is in the trash, weights and images too', async () => {
    const person = await createActor(deps);
    const modelId = await newModel(person);
    const tight = { ...deps, config: { ...deps.config, storagePerPersonBytes: 1_000_000 } };
    const input = { modelId, fileName: 'a.jpg', contentType: 'image/jpeg' as const, sizeBytes: 600_000 };
    const { photo } = await createPhoto(tight, person, input);
    await deletePhoto(deps, person, { id: photo.id });
    await expect(createPhoto(tight, person, input)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    await deps.db.prisma.photo.update({ where: { id: photo.id }, data: { state: 'refused' } });
    await createPhoto(tight, person, { ...input, sizeBytes: 100_000 });
    const trainingId = newId();
    await deps.db.prisma.training.create({
      data: {
        id: trainingId,
        userId: person.userId,
        modelId,
        profile: 'nano',
        preset: 'fast',
        settings: {},
        photoIds: [],
      },
    });
    const file = {
      storageKey: `o/${trainingId}`,
      kohyaStorageKey: `o/${trainingId}.k`,
      sizeBytes: 400_000,
      sha256: 'x',
    };
    await deps.db.prisma.weights.create({
      data: { id: newId(), userId: person.userId, modelId, trainingId, profile: 'nano', step: 1, final: true, ...file },
    });
    await expect(createPhoto(tight, person, { ...input, sizeBytes: 200_000 })).rejects.toMatchObject({
      message: expect.stringContaining('0.9 MB of 1 MB'),
    });
  });
});

describe('a set of photos', () => {
  it('takes 20 of 30 parallel announcements, refuses the 21st by name, and has room again after a delete', async () => {
    const modelId = await newModel();
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => announce(modelId, Buffer.alloc(10))));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(10);
    expect(refused[0]?.reason).toMatchObject({ code: 'PHOTOS_TOO_MANY', fields: [{ path: 'modelId' }] });
    const [photo] = (await listPhotos(deps, actor, { modelId })).items;
    await deletePhoto(deps, actor, { id: photo?.id ?? '' });
    await announce(modelId, Buffer.alloc(10));
    await expect(restorePhoto(deps, actor, { id: photo?.id ?? '' })).rejects.toMatchObject({ code: 'PHOTOS_TOO_MANY' });
  });

  it('gives a deleted photo back, unless the same photo took its place', async () => {
    const modelId = await newModel();
    const bytes = await drawing().jpeg().toBuffer();
    const id = await upload(modelId, bytes);
    await checkPhoto(deps, id);
    await deletePhoto(deps, actor, { id });
    expect(await verdictOn(modelId, bytes)).toBe('ready');
    await expect(restorePhoto(deps, actor, { id })).rejects.toMatchObject({ code: 'PHOTO_DUPLICATE' });
    const [copy] = (await listPhotos(deps, actor, { modelId })).items;
    await deletePhoto(deps, actor, { id: copy?.id ?? '' });
    expect(await restorePhoto(deps, actor, { id })).toMatchObject({ id, state: 'ready' });
  });

  it('of someone else answers like an absent one', async () => {
    const stranger = await createActor(deps);
    const modelId = await newModel();
    const { photo } = await announce(modelId, Buffer.alloc(10));
    const photoInput = { fileName: 'x.jpg', contentType: 'image/jpeg' as const, sizeBytes: 1 };
    for (const [call, id] of [
      [(one: string) => createPhoto(deps, stranger, { modelId: one, ...photoInput }), modelId],
      [(one: string) => listPhotos(deps, stranger, { modelId: one }), modelId],
      [(one: string) => completePhoto(deps, stranger, { id: one }), photo.id],
      [(one: string) => deletePhoto(deps, stranger, { id: one }), photo.id],
      [(one: string) => restorePhoto(deps, stranger, { id: one }), photo.id],
    ] as const) {
      const foreign = await call(id).catch((error: unknown) => error);
      const absent = await call(newId()).catch((error: unknown) => error);
      expect(foreign).toMatchObject({ code: 'NOT_FOUND' });
      expect(foreign).toEqual(absent);
    }
  });
});

function noise(width: number, height: number) {
  return sharp(nextBytes(width * height * 3), { raw: { width, height, channels: 3 } });
}

function cut(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length * 0.6));
}
