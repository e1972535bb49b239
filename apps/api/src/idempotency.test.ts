/** I5: one key, one job, one answer; over real HTTP, REST and tRPC. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { startGeneration } from '@pixgen/core';
import { createJobStore } from '@pixgen/db';
import { NO_HOOKS } from '@pixgen/db/testing';
import { type GenerationView, newId, startGenerationInput } from '@pixgen/domain';
import { createOpenApiDocument } from '@pixgen/trpc';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from './testing.ts';

const PRICE = 1_000;
let api: TestApi;
let ada: Awaited<ReturnType<TestApi['signUp']>>;
let modelId: string;
beforeAll(async () => {
  api = await startTestApi({ IMAGE_PRICE_MICRO_USD: String(PRICE) });
  ada = await api.signUp();
  modelId = await createTrainedModel(ada.userId);
});
afterAll(() => api.close());

async function createTrainedModel(userId: string): Promise<string> {
  const [id, trainingId] = [newId(), newId()];
  const triggerWord = `sks_${id.slice(-6)}`;
  await api.db.prisma.model.create({
    data: { id, userId, name: 'Ada', classWord: 'woman', triggerWord, state: 'ready' },
  });
  await api.db.prisma.training.create({
    data: { id: trainingId, userId, modelId: id, profile: 'nano', preset: 'fast', settings: {}, photoIds: [] },
  });
  const file = { storageKey: `o/${newId()}`, sizeBytes: 1, sha256: 'x', profile: 'nano', step: 1, final: true };
  await api.db.prisma.weights.create({ data: { id: newId(), userId, modelId: id, trainingId, ...file } });
  return id;
}

const order = (rest: object = {}) => ({ modelId, prompt: 'rain', ...rest });
const start = (key: string | null, body: object = order()) =>
  api.post('/api/v1/generations', body, { ...ada.headers, ...(key !== null && { 'idempotency-key': key }) });
const jobsOf = (key: string) => api.db.prisma.idempotencyKey.findMany({ where: { key }, select: { jobId: true } });

describe('one key', () => {
  it('makes one job and one answer of 100 concurrent calls, half over REST, half in tRPC batches of 10', async () => {
    const key = newId();
    const input = order({ idempotencyKey: key });
    const batch = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [n, input]));
    const path = Array.from({ length: 10 }, () => 'generation.start').join(',');
    const [rest, batches] = await Promise.all([
      Promise.all(Array.from({ length: 50 }, () => start(`"${key}"`))),
      Promise.all(Array.from({ length: 5 }, () => api.post(`/trpc/${path}?batch=1`, batch, ada.headers))),
    ]);
    const restAnswers = await Promise.all(
      rest.map(async (answer) => [answer.status, (await answer.json()) as GenerationView] as const),
    );
    const trpcAnswers = await Promise.all(
      batches.map(async (answer) => (await answer.json()) as { result?: { data: GenerationView }; error?: unknown }[]),
    );
    expect(trpcAnswers.flat().flatMap(({ error }) => error ?? [])).toEqual([]);
    const answers = [...restAnswers, ...trpcAnswers.flat().map(({ result }) => [200, result?.data] as const)];
    expect(answers).toHaveLength(100);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await jobsOf(key)).toHaveLength(1);
    expect(await api.db.prisma.job.count({ where: { generationId: restAnswers[0]?.[1].id ?? '' } })).toBe(1);
  });

  it('gives the stored answer to a call whose first answer was cut off', async () => {
    const key = newId();
    const body = JSON.stringify(order());
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    await once(socket, 'connect');
    const head = [
      'POST /api/v1/generations HTTP/1.1',
      'host: api',
      'content-type: application/json',
      `content-length: ${body.length}`,
      `authorization: ${ada.headers.authorization}`,
      `idempotency-key: "${key}"`,
    ];
    // Not a byte of the answer is read: the caller cannot know what became of its call.
    socket.pause();
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    await expect.poll(() => jobsOf(key), { timeout: 10_000 }).toHaveLength(1);
    socket.destroy();
    const again = await start(`"${key}"`);
    expect(again.status).toBe(200);
    const [job] = await jobsOf(key);
    expect(await again.json()).toMatchObject({ job: { id: job?.jobId, state: 'queued' } });
    expect(await jobsOf(key)).toHaveLength(1);
  });

  it('gets the stored answer, byte for byte, although the model is gone and the job has ended meanwhile', async () => {
    const key = newId();
    const other = await createTrainedModel(ada.userId);
    const first = await start(`"${key}"`, order({ modelId: other }));
    const answer = await first.text();
    const { id } = JSON.parse(answer) as GenerationView;
    expect((await api.post(`/api/v1/generations/${id}/cancel`, {}, ada.headers)).status).toBe(200);
    await api.db.prisma.weights.deleteMany({ where: { modelId: other, generations: { none: {} } } });
    await api.db.prisma.model.update({ where: { id: other }, data: { deletedAt: new Date() } });
    const again = await start(`"${key}"`, order({ modelId: other }));
    expect([again.status, await again.text()]).toEqual([first.status, answer]);
    expect((await start(`"${newId()}"`, order({ modelId: other }))).status).toBe(404);
    const changed = await start(`"${key}"`, order({ modelId: other, prompt: 'snow' }));
    expect(changed.status).toBe(422);
  });

  it('repeats the answer of a retry, also after its images were drawn', async () => {
    const first = (await (await start(`"${newId()}"`, order({ n: 2 }))).json()) as GenerationView;
    await api.post(`/api/v1/generations/${first.id}/cancel`, {}, ada.headers);
    const key = { ...ada.headers, 'idempotency-key': `"${newId()}"` };
    const retry = () => api.post(`/api/v1/generations/${first.id}/retry`, {}, key);
    const answer = await (await retry()).text();
    const { job } = JSON.parse(answer) as GenerationView;
    const { userId } = ada;
    const [plan] = first.images;
    const image = {
      id: plan?.id ?? '',
      userId,
      modelId,
      generationId: first.id,
      position: 0,
      seed: 1n,
      prompt: 'rain',
    };
    const file = { compiledPrompt: '', width: 64, height: 64, storageKey: `o/${newId()}`, sizeBytes: 1, sha256: 'x' };
    await api.db.prisma.image.create({ data: { ...image, ...file, state: 'ready' } });
    const line = { jobId: job.id, userId, kind: 'generate', orderId: first.id, type: 'image', attempt: 1 };
    await api.db.prisma.jobEvent.create({ data: { ...line, imageId: image.id } });
    expect(await (await retry()).text()).toBe(answer);
  });

  it('is refused with 422 when the body is another one, however the key is sent', async () => {
    const key = newId();
    expect((await start(`"${key}"`)).status).toBe(200);
    const other = await start(null, order({ prompt: 'snow', idempotencyKey: key }));
    expect(other.status).toBe(422);
    expect(other.headers.get('link')).toContain('rel="describedby"');
    expect(await other.json()).toMatchObject({ error: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await jobsOf(key)).toHaveLength(1);
  });

  it.each([
    ['is missing', null],
    ['is empty', '""'],
    ['stands without quotes', newId()],
    ['is too short', '"1234567"'],
    ['holds other characters', '"a key with spaces"'],
    ['is sent twice', `"${newId()}", "${newId()}"`],
  ])('answers 400 that names the header when it %s', async (_, key) => {
    const answer = await start(key);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { code: 'IDEMPOTENCY_KEY_MISSING', message: expect.stringContaining('Idempotency-Key') },
    });
  });

  it('is refused when header and body disagree, and accepted when they agree', async () => {
    const key = newId();
    expect((await start(`"${key}"`, order({ idempotencyKey: newId() }))).status).toBe(400);
    expect(await jobsOf(key)).toHaveLength(0);
    expect((await start(`"${key}"`, order({ idempotencyKey: key }))).status).toBe(200);
  });

  it('stands in the OpenAPI document of every call that takes one, and of no other', () => {
    const { paths } = createOpenApiDocument('0') as { paths: Record<string, Record<string, { parameters: object[] }>> };
    const keyed = Object.entries(paths).flatMap(([path, methods]) =>
      Object.values(methods).some(({ parameters }) => JSON.stringify(parameters).includes('Idempotency-Key'))
        ? [path]
        : [],
    );
    expect(keyed).toEqual(
      expect.arrayContaining(['/generations', '/generations/{id}/retry', '/trainings', '/trainings/{id}/retry']),
    );
    expect(keyed).not.toContain('/models');
  });
});

describe('a call whose key is under way elsewhere', () => {
  let end = (): void => {};
  afterEach(() => end());

  /** The first call, accepted in a transaction that this test keeps open. */
  async function holdFirstCall(key: string) {
    const client = await api.db.pool.connect();
    end = () => client.release(true);
    await client.query('BEGIN');
    const { deps } = api.services;
    const { accept } = createJobStore(client as unknown as typeof api.db.pool, NO_HOOKS);
    const actor = { userId: ada.userId, role: 'member', status: 'active', via: 'session', sessionId: null } as const;
    const input = startGenerationInput.parse(order({ idempotencyKey: key }));
    await startGeneration({ ...deps, jobs: { ...deps.jobs, accept } }, actor, input);
    return client;
  }

  it('is told 409 only when the wait for the stored answer has ended, and hinders nobody else meanwhile', async () => {
    const key = newId();
    const bob = await api.signUp();
    const bobsModel = await createTrainedModel(bob.userId);
    const first = await holdFirstCall(key);
    const waiting = start(`"${key}"`);
    let isWaiting = true;
    void waiting.finally(() => {
      isWaiting = false;
    });
    const bobs = await api.post(
      '/api/v1/generations',
      { modelId: bobsModel, prompt: 'rain', idempotencyKey: key },
      bob.headers,
    );
    expect(bobs.status).toBe(200);
    expect(isWaiting).toBe(true);
    const answer = await waiting;
    expect(answer.status).toBe(409);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ error: { code: 'IDEMPOTENCY_IN_PROGRESS' } });
    await first.query('COMMIT');
    expect((await start(`"${key}"`)).status).toBe(200);
    expect(await jobsOf(key)).toHaveLength(2);
  });

  it('gets the stored answer when the first call commits during the wait', async () => {
    const key = newId();
    const first = await holdFirstCall(key);
    const calls = Array.from({ length: 10 }, () => start(`"${key}"`));
    // Each of them has asked at least once.
    await expect.poll(() => api.services.deps.db.pool.waitingCount).toBe(0);
    await first.query('COMMIT');
    const answers = await Promise.all(calls);
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(await jobsOf(key)).toHaveLength(1);
  });

  it('is accepted itself when the first call was rolled back', async () => {
    const key = newId();
    const first = await holdFirstCall(key);
    const second = start(`"${key}"`);
    await first.query('ROLLBACK');
    expect((await second).status).toBe(200);
    expect(await jobsOf(key)).toHaveLength(1);
  });
});
