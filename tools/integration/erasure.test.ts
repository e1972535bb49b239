/** I11 and S8 with real processes: an erased account leaves nothing, whoever dies on the way, and nothing comes back. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditLedger, verifyAudit } from '@pixgen/db';
import { CONSENT, ERASE_PHRASE, type ErasureStarted, newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import { createTestStorage } from '@pixgen/storage/testing';
import { createPixgenClient, type PixgenClient } from '@pixgen/trpc/client';
import { unzipSync } from 'fflate';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Person, type Product, startProduct } from '../testing/product.ts';
import { drawPhoto, hasEnded, until, uploadPhoto } from '../testing/studio.ts';
import { endOf, findTraces } from '../testing/traces.ts';

/** S8. */
const ERASED_MS = 60_000;
const PASSWORD = 'a long enough password';

let folder: string;
let product: Product;
const storage = createTestStorage();
const since = new Date(Date.now() - 60_000);
const logs = ['api', 'worker'].map((name) =>
  endOf(join(import.meta.dirname, `../../test-output/${name}-${process.env.VITEST_POOL_ID ?? 0}.log`)),
);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pixgen-erasure-'));
  product = await startProduct({
    env: {
      CRASH_POINTS: folder,
      LOG_LEVEL: 'debug',
      IMAGE_PRICE_MICRO_USD: '1000',
      TRAIN_PRICE_MICRO_USD: '5000',
      DEFAULT_BUDGET_MICRO_USD: '1000000000',
    },
  });
});
afterAll(async () => {
  await product.stop();
  storage.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  product.simulator.control({ eventFaults: [], crashes: [], stepMs: 0, imageMs: 0, startMs: 0 });
});

type Canary = Person & { word: string; session: PixgenClient };

/** A person whose name, address, subject, files, prompts and key carry one word. */
async function createCanary(): Promise<Canary> {
  const word = `canary${randomBytes(12).toString('hex')}`;
  const person = await product.createPerson(word);
  await product.db.prisma.user.update({ where: { id: person.userId }, data: { email: `${word}@example.test` } });
  await product.db.prisma.apiKey.updateMany({ where: { userId: person.userId }, data: { name: word } });
  return { ...person, word, session: createPixgenClient({ baseUrl: product.apiUrl, apiKey: person.token }) };
}

/** A photo whose hidden data carry the word, as a camera's carry a place. */
async function drawCanary(word: string, number: number): Promise<Buffer> {
  return sharp(await drawPhoto(number))
    .withExif({ IFD0: { ImageDescription: word, Artist: word } })
    .jpeg()
    .toBuffer();
}

async function createDraft(person: Canary): Promise<string> {
  const consent = { subject: 'self', accepted: true, adult: true, textVersion: CONSENT.version } as const;
  const model = await person.client.models.create.mutate({ name: person.word, classWord: 'woman', consent });
  for (let number = 0; number < 5; number += 1)
    await uploadPhoto(person, model.id, await drawCanary(person.word, number));
  await product.db.prisma.photo.updateMany({ where: { modelId: model.id }, data: { fileName: `${person.word}.jpg` } });
  await until(
    () => person.client.photos.list.query({ modelId: model.id }),
    ({ items }) => items.every((photo) => photo.state === 'ready'),
  );
  return model.id;
}

const train = (person: Canary, modelId: string) =>
  person.client.training.start.mutate({ modelId, preset: 'fast', idempotencyKey: newId() });
const draw = (person: Canary, modelId: string, n = 2) =>
  person.client.generation.start.mutate({
    modelId,
    prompt: person.word,
    negativePrompt: person.word,
    n,
    idempotencyKey: newId(),
  });

async function createTrained(person: Canary): Promise<string> {
  const modelId = await createDraft(person);
  const { id } = await train(person, modelId);
  expect((await until(() => person.client.training.get.query({ id }), hasEnded)).job.state).toBe('succeeded');
  return modelId;
}

const erase = (person: Canary) =>
  person.session.account.erase.mutate({ confirmation: ERASE_PHRASE, password: PASSWORD });
const anybody = () => createPixgenClient({ baseUrl: product.apiUrl, apiKey: 'none' });
const look = ({ code }: ErasureStarted) => anybody().account.erasure.mutate({ code });
const untilErased = (started: ErasureStarted, timeoutMs = ERASED_MS) =>
  until(
    () => look(started),
    (view) => view.state !== 'erasing',
    timeoutMs,
  );
/** A quarter of an hour later, at once. */
async function untilSwept(started: ErasureStarted) {
  await product.db.prisma.erasure.update({ where: { id: started.id }, data: { dueAt: new Date() } });
  return until(
    () => look(started),
    (view) => view.state === 'swept',
  );
}

/** Nothing of the person anywhere, not even in the logs, and sums that still add up. */
async function expectNothingLeft(person: Canary): Promise<void> {
  const { word, userId } = person;
  expect(await findTraces(product, [word, person.apiKey, person.token], { logs, since })).toEqual([]);
  // Ids tell nothing, and stand in log lines; where data are kept they are gone too.
  expect(await findTraces(product, [userId], { since })).toEqual([]);
  for (const prefix of keys.ofUser(userId)) expect(await storage.abortUploads(prefix)).toBe(0);
  expect((await auditLedger(product.db.url)).findings).toEqual([]);
  expect((await verifyAudit(product.db.url)).findings).toEqual([]);
}

describe('an account is erased for good', () => {
  it('within a minute, with two hundred objects', { timeout: 180_000 }, async () => {
    const person = await createCanary();
    const modelId = await createTrained(person);
    const generation = await draw(person, modelId);
    await until(() => person.client.generation.get.query({ id: generation.id }), hasEnded);
    const jobId = generation.job.id;
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => {
        const object = { userId: person.userId, jobId, attempt: 1, claimEpoch: 1, name: `image-${n}.png` };
        return storage.write(keys.gpuObject(object), Buffer.from(person.word), 'image/png');
      }),
    );
    expect((await findTraces(product, [person.word], { since })).length).toBeGreaterThan(200);
    const startedAt = performance.now();
    const started = await erase(person);
    const { receipt } = await untilErased(started);
    expect(performance.now() - startedAt).toBeLessThan(ERASED_MS);
    expect(receipt?.counts).toMatchObject({ models: 1, photos: 5, trainings: 1, generations: 1, images: 2, jobs: 2 });
    expect(receipt?.counts.objects).toBeGreaterThanOrEqual(200);
    await untilSwept(started);
    await expectNothingLeft(person);
    await expect(person.client.account.me.query()).rejects.toMatchObject({ data: { httpStatus: 401 } });
    await expect(person.session.account.me.query()).rejects.toMatchObject({ data: { httpStatus: 401 } });
  });

  it('although the worker is killed at every step of it', { timeout: 240_000 }, async () => {
    const person = await createCanary();
    const modelId = await createTrained(person);
    product.simulator.control({ imageMs: 60_000 });
    await draw(person, modelId);
    const started = await erase(person);
    let deaths = 0;
    for (;;) {
      writeFileSync(join(folder, 'erase.midway'), '');
      // Its successor need not wait until the dead worker's hold on it has run out.
      await product.db.prisma.erasure.update({ where: { id: started.id }, data: { dueAt: new Date() } });
      const isOver = await Promise.race([
        product.worker.gone().then(() => false),
        untilErased(started).then(() => true),
      ]);
      if (isOver) break;
      deaths += 1;
      await product.worker.start();
    }
    rmSync(join(folder, 'erase.midway'), { force: true });
    expect(deaths).toBeGreaterThanOrEqual(7);
    const { receipt } = await look(started);
    expect(receipt?.counts).toMatchObject({ models: 1, photos: 5, trainings: 1, generations: 1, jobs: 2 });
    await untilSwept(started);
    await expectNothingLeft(person);
  });

  it('during an upload, whose bytes arrive afterwards', { timeout: 120_000 }, async () => {
    const person = await createCanary();
    const modelId = await createDraft(person);
    const bytes = await drawCanary(person.word, 20);
    const late = await person.client.photos.create.mutate({
      modelId,
      fileName: `${person.word}.jpg`,
      contentType: 'image/jpeg',
      sizeBytes: bytes.length,
    });
    const started = await erase(person);
    await untilErased(started);
    const put = await fetch(late.upload.url, {
      method: 'PUT',
      headers: late.upload.headers,
      body: new Uint8Array(bytes),
    });
    expect(put.ok).toBe(true);
    await expect(person.client.photos.complete.mutate({ id: late.photo.id })).rejects.toMatchObject({
      data: { httpStatus: 401 },
    });
    const { lastSweepAt } = (await look(started)).receipt ?? {};
    expect(Date.parse(lastSweepAt ?? '')).toBeGreaterThan(Date.parse(late.upload.expiresAt));
    await untilSwept(started);
    await expectNothingLeft(person);
  });

  it('during a training and a generation, whose GPUs go on for a while', { timeout: 120_000 }, async () => {
    const person = await createCanary();
    const trained = await createTrained(person);
    const draft = await createDraft(person);
    product.simulator.control({ stepMs: 50, imageMs: 2_000 });
    const jobs = [await train(person, draft), await draw(person, trained, 4)].map(({ job }) => job.id);
    const states = () => product.db.prisma.job.findMany({ where: { id: { in: jobs } }, select: { state: true } });
    await until(states, (rows) => rows.every(({ state }) => state === 'running'));
    const started = await erase(person);
    await untilErased(started);
    // Until the GPUs have noticed: nobody takes what they still send.
    await until(
      async () => product.simulator.record().lines,
      (lines) => jobs.every((jobId) => lines.some((line) => line.kind === 'end' && line.jobId === jobId)),
    );
    await untilSwept(started);
    await expectNothingLeft(person);
  });

  it('with nothing lost of anybody else', { timeout: 120_000 }, async () => {
    const [gone, stays] = [await createCanary(), await createCanary()];
    const modelId = await createTrained(stays);
    await createTrained(gone);
    product.simulator.control({ imageMs: 300 });
    const orders = await Promise.all([draw(stays, modelId), draw(stays, modelId)]);
    const started = await erase(gone);
    await untilErased(started);
    for (const { id } of orders) {
      const ended = await until(() => stays.client.generation.get.query({ id }), hasEnded);
      expect(ended).toMatchObject({ job: { state: 'succeeded' }, counts: { ready: 2 } });
    }
    await untilSwept(started);
    await expectNothingLeft(gone);
    expect((await stays.client.photos.list.query({ modelId })).items).toHaveLength(5);
  });
});

describe('a copy of everything', () => {
  it('is one ZIP with photos, weights, pictures and rows, and goes with the account', {
    timeout: 180_000,
  }, async () => {
    const person = await createCanary();
    const modelId = await createTrained(person);
    const { id } = await draw(person, modelId);
    await until(() => person.client.generation.get.query({ id }), hasEnded);
    const asked = await person.client.account.exportData.mutate();
    expect((await person.client.account.exportData.mutate()).dataExport?.id).toBe(asked.dataExport?.id);
    const { dataExport } = await until(
      () => person.client.account.dataExport.query(),
      (answer) => answer.dataExport?.state === 'ready',
    );
    const file = await fetch(dataExport?.url ?? '');
    expect(file.headers.get('content-disposition')).toContain('attachment');
    const zip = unzipSync(new Uint8Array(await file.arrayBuffer()));
    const names = Object.keys(zip);
    expect(names.filter((name) => /^photos\/.*\.jpg$/.test(name))).toHaveLength(5);
    expect(names.filter((name) => /^work\/.*\.safetensors$/.test(name)).length).toBeGreaterThanOrEqual(1);
    expect(names.filter((name) => /^work\/.*\.png$/.test(name)).length).toBeGreaterThanOrEqual(2);
    const text = (name: string) => Buffer.from(zip[name] ?? []).toString();
    const rows = (name: string) => JSON.parse(text(`data/${name}.json`)) as object[];
    expect(rows('account')).toMatchObject([{ id: person.userId, email: `${person.word}@example.test` }]);
    expect(rows('photos')).toHaveLength(5);
    expect(rows('images')).toHaveLength(2);
    expect(rows('ledger').length).toBeGreaterThanOrEqual(4);
    expect(rows('auditLog')).not.toEqual([]);
    for (const name of names.filter((one) => one.startsWith('data/')))
      expect(text(name)).not.toMatch(/secretHash|passwordHash/);
    // What stands in the receipt can be computed from the copy, as nothing came or went in between but the copy itself.
    const started = await erase(person);
    const { receipt } = await untilErased(started);
    const listed = text('objects.txt').split('\n').filter(Boolean);
    expect(receipt?.counts.objects).toBe(listed.length + 1);
    await untilSwept(started);
    expect((await fetch(dataExport?.url ?? '')).status).toBe(404);
    await expectNothingLeft(person);
  });
});
