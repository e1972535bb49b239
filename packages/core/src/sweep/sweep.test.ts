import { newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { getModel } from '../models/read-models.ts';
import { checkPhoto } from '../photos/check-photo.ts';
import { completePhoto } from '../photos/complete-photo.ts';
import { createPhoto } from '../photos/create-photo.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { repairObjects } from './repair-objects.ts';
import { sweep as sweepAll } from './sweep.ts';

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

/** The store is shared: of the quarantine only this person's part may be emptied days ahead. */
const sweep = (by: Deps, now = Date.now()) => sweepAll(by, now, { quarantine: `u/${actor.userId}/` });

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

it('erases photos thirty days after the training that used them, and never those it has not seen', async () => {
  const model = await createModel(null);
  const photoId = newId();
  const data = { userId: actor.userId, modelId: model.modelId, fileName: 'later.jpg', contentType: 'image/jpeg' };
  await deps.db.prisma.photo.create({ data: { id: photoId, ...data, sizeBytes: 1, state: 'ready' } });
  const laterKey = await put(keys.photo(actor.userId, model.modelId, photoId));
  await deps.db.prisma.photo.update({ where: { id: photoId }, data: { createdAt: new Date(Date.now() + DAY_MS) } });
  const view = await getModel(deps, actor, { id: model.modelId });
  const erasedAt = Date.parse(view.photosErasedAt ?? '');
  expect(Math.abs(erasedAt - Date.now() - 30 * DAY_MS)).toBeLessThan(DAY_MS);
  await sweep(deps, erasedAt - 60_000);
  expect(await exists(model.photoKey)).toBe(true);
  await sweep({ ...deps, config: { ...deps.config, trainedPhotosDays: 0 } }, erasedAt + 60_000);
  expect(await exists(model.photoKey)).toBe(true);
  // While it is being trained again, they are needed.
  const { id: jobId } = await deps.db.prisma.job.findFirstOrThrow({ where: { modelId: model.modelId } });
  await deps.db.prisma.liveJob.create({ data: { jobId, modelId: model.modelId } });
  await sweep(deps, erasedAt + 60_000);
  expect(await exists(model.photoKey)).toBe(true);
  await deps.db.prisma.liveJob.delete({ where: { jobId } });
  await sweep(deps, erasedAt + 60_000);
  expect([await exists(model.photoKey), await exists(laterKey)]).toEqual([false, true]);
  expect(await deps.db.prisma.photo.findMany({ where: { modelId: model.modelId }, select: { id: true } })).toEqual([
    { id: photoId },
  ]);
  const { pseudonym } = await deps.db.prisma.user.findUniqueOrThrow({ where: { id: actor.userId } });
  const line = await deps.db.prisma.auditEntry.findFirstOrThrow({ where: { action: 'retention.erased' } });
  expect(line.subject).toBe(pseudonym);
  expect(await exists(model.imageKey)).toBe(true);
});

it('removes a data export a day after it was ready, with its file', async () => {
  const id = newId();
  const key = await put(keys.dataExport(actor.userId, id));
  const expiresAt = new Date(Date.now() + DAY_MS);
  await deps.db.prisma.dataExport.create({ data: { id, userId: actor.userId, state: 'ready', expiresAt } });
  await sweep(deps);
  expect(await exists(key)).toBe(true);
  await sweep(deps, expiresAt.getTime() + 1);
  expect(await exists(key)).toBe(false);
  expect(await deps.db.prisma.dataExport.findUnique({ where: { id } })).toBeNull();
});

it('empties the quarantine after a day, also of what was sent again after the verdict, which is never looked at', async () => {
  const model = await createModel(null);
  const { userId } = actor;
  const bytes = await sharp({ create: { width: 300, height: 300, channels: 3, background: '#888' } })
    .composite([{ input: Buffer.from('<svg width="300" height="300"><circle cx="90" cy="90" r="60"/></svg>') }])
    .jpeg()
    .toBuffer();
  const file = { fileName: 'a.jpg', contentType: 'image/jpeg', sizeBytes: bytes.length } as const;
  const { photo, upload } = await createPhoto(deps, actor, { modelId: model.modelId, ...file });
  const send = () => fetch(upload.url, { method: 'PUT', headers: upload.headers, body: new Uint8Array(bytes) });
  expect((await send()).ok).toBe(true);
  await completePhoto(deps, actor, { id: photo.id });
  await checkPhoto(deps, photo.id);
  const key = keys.photoUpload(userId, photo.id);
  expect(await exists(key)).toBe(false);
  // The URL is still good.
  expect((await send()).ok).toBe(true);
  await sweep(deps);
  expect(await exists(key)).toBe(true);
  await sweep(deps, Date.now() + DAY_MS + 60_000);
  expect([await exists(key), await exists(keys.photo(userId, model.modelId, photo.id))]).toEqual([false, true]);
  // The comparison of store and database does not keep it either.
  expect((await send()).ok).toBe(true);
  const scope = { roots: keys.ofUser(userId), userIds: [], markKey: `test/${newId()}` };
  await repairObjects(deps, scope);
  await repairObjects(deps, { ...scope, now: Date.now() + DAY_MS + 60_000 });
  expect([await exists(key), await exists(keys.photo(userId, model.modelId, photo.id))]).toEqual([false, true]);
});

it('goes on until nothing is left that is past its time, however much that is', async () => {
  const model = await createModel(null);
  const past = { expiresAt: new Date(Date.now() - 1_000), state: 'ready', userId: actor.userId };
  const exports = Array.from({ length: 201 }, () => ({ id: newId(), ...past }));
  await deps.db.prisma.dataExport.createMany({ data: exports });
  const photo = { userId: actor.userId, modelId: model.modelId, fileName: 'a.jpg', contentType: 'image/jpeg' };
  const deletedAt = new Date(Date.now() - 31 * DAY_MS);
  const photos = Array.from({ length: 201 }, () => ({ id: newId(), ...photo, sizeBytes: 1, deletedAt }));
  await deps.db.prisma.photo.createMany({ data: photos });
  await sweep(deps);
  expect(await deps.db.prisma.dataExport.count({ where: { id: { in: exports.map(({ id }) => id) } } })).toBe(0);
  expect(await deps.db.prisma.photo.count({ where: { id: { in: photos.map(({ id }) => id) } } })).toBe(0);
});

describe('store and database, held against each other,', () => {
  const later = () => ({ now: Date.now() + 2 * DAY_MS });
  const markKey = `test/${newId()}`;
  const repair = (options: NonNullable<Parameters<typeof repairObjects>[1]>) =>
    repairObjects(deps, { markKey, ...options });
  beforeAll(async () => {
    await deps.db.pool.query('DELETE FROM "Installation"');
    // The first pass only marks both.
    expect(await repair({ roots: [], userIds: [] })).toMatchObject({ objects: 0 });
  });

  it('lose nothing, however little there is, where the database is another one, an old one or the store is another one', async () => {
    const key = await put(keys.photo(newId(), newId(), newId()));
    const model = await createModel(null);
    await deps.storage.remove([model.imageKey]);
    const scope = { roots: [`${key.split('/').slice(0, 2).join('/')}/`], userIds: [actor.userId], ...later() };
    const { pool } = deps.db;
    const [own] = (await pool.query<{ id: string; pass: number }>('SELECT id, pass FROM "Installation"')).rows;
    const nothing = { objects: 0, orphans: 0, removed: 0, lost: 0 };
    await pool.query('UPDATE "Installation" SET id = $1', [newId()]);
    expect(await repair(scope)).toEqual(nothing);
    await pool.query('DELETE FROM "Installation"');
    expect(await repair(scope)).toEqual(nothing);
    // A backup of before the last pass.
    await pool.query('INSERT INTO "Installation" (id, pass) VALUES ($1, $2)', [own?.id, (own?.pass ?? 0) - 1]);
    expect(await repair(scope)).toEqual(nothing);
    await pool.query('UPDATE "Installation" SET pass = $1', [own?.pass]);
    expect(await repair({ ...scope, markKey: `test/${newId()}` })).toEqual(nothing);
    expect(await exists(key)).toBe(true);
    expect((await deps.db.prisma.image.findUnique({ where: { id: model.imageId } }))?.state).toBe('ready');
    // A pass that died between its two marks.
    await pool.query('UPDATE "Installation" SET pass = pass + 1');
    expect(await repair(scope)).toMatchObject({ removed: 1 });
    expect(await exists(key)).toBe(false);
    expect((await deps.db.prisma.image.findUnique({ where: { id: model.imageId } }))?.state).toBe('failed');
  });

  it('lose what belongs to nothing, once it is a day old, and nothing else', async () => {
    const model = await createModel(null);
    const stranger = newId();
    const orphans = await Promise.all(
      [
        keys.photo(actor.userId, model.modelId, newId()),
        keys.photo(stranger, newId(), newId()),
        keys.photoUpload(actor.userId, newId()),
        keys.gpuObject({ userId: stranger, jobId: newId(), attempt: 1, claimEpoch: 1, name: 'image.png' }),
        keys.dataExport(actor.userId, newId()),
      ].map(put),
    );
    orphans.push(await put(keys.derivative(orphans[0] ?? '', 128, 'webp')));
    const foreign = await put(`p/not-ours/${newId()}`);
    const roots = [...keys.ofUser(actor.userId), ...keys.ofUser(stranger), 'p/not-ours/'];
    const scope = { roots, userIds: [] };
    expect((await repair(scope)).removed).toBe(0);
    const { removed } = await repair({ ...scope, ...later() });
    for (const key of orphans) expect([key, await exists(key)]).toEqual([key, false]);
    expect(removed).toBe(orphans.length);
    for (const key of [model.imageKey, model.smallKey, model.photoKey, foreign]) expect(await exists(key)).toBe(true);
    await deps.storage.remove([foreign]);
  });

  it('touch nothing when most of the store is unknown: the database may be the wrong one', async () => {
    const stranger = newId();
    const strangers = Array.from({ length: 1_100 }, () => keys.photoUpload(stranger, newId()));
    for (let start = 0; start < strangers.length; start += 50)
      await Promise.all(strangers.slice(start, start + 50).map(put));
    const scope = { roots: keys.ofUser(stranger), userIds: [], ...later() };
    expect(await repair(scope)).toMatchObject({ objects: 1_100, orphans: 1_100, removed: 0 });
    await deps.storage.remove(strangers);
  });

  it('say of a row whose object is gone that it is gone', async () => {
    const model = await createModel(null);
    const weights = await deps.db.prisma.weights.findFirstOrThrow({ where: { modelId: model.modelId } });
    await put(weights.storageKey);
    const scope = { roots: [], userIds: [actor.userId] };
    const before = await repair(scope);
    const again = await repair(scope);
    expect([again.lost, before.lost > 0]).toEqual([0, true]);
    await deps.storage.remove([model.imageKey, model.photoKey, weights.storageKey]);
    expect((await repair(scope)).lost).toBe(3);
    expect(await deps.db.prisma.image.findUnique({ where: { id: model.imageId } })).toMatchObject({
      state: 'failed',
      failureCode: 'LOST',
    });
    expect(await deps.db.prisma.photo.findFirst({ where: { modelId: model.modelId } })).toMatchObject({
      state: 'refused',
      refusalCode: 'LOST',
    });
    expect(await getModel(deps, actor, { id: model.modelId })).toMatchObject({ state: 'failed' });
    expect((await repair(scope)).lost).toBe(0);
  });
});
