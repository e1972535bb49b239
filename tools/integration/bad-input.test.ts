/** Bad input: a public code, the field, the limit, and no side effect. */
import { createHmac, randomUUID } from 'node:crypto';
import { claimSecret, ticketToken } from '@pixgen/core';
import { newId } from '@pixgen/domain';
import { createPixgenClient } from '@pixgen/trpc/client';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Product, startProduct } from '../testing/product.ts';
import { createReadyDraft, createTrainedModel, drawPhoto, hasEnded, until, uploadPhoto } from '../testing/studio.ts';

const TICKET_KEY = createHmac('sha256', 'bad-input').update('ticket').digest('hex');

let product: Product;
let person: Person;
let modelId: string;
beforeAll(async () => {
  product = await startProduct({ env: { TICKET_KEY } });
  person = await product.createPerson();
  modelId = await createTrainedModel(person);
  // The training's own tasks leave the outbox a moment after its end; a count in between would not be of what is refused.
  await until(outbox, (left) => left === 0);
});
afterAll(() => product.stop());

/** How many rows each table has that a person's or a GPU's call could add to, and what the person has and owes. */
async function traces() {
  const { prisma } = product.db;
  const { heldMicroUsd, spentMicroUsd } = await prisma.user.findUniqueOrThrow({ where: { id: person.userId } });
  return {
    people: await prisma.user.count(),
    sessions: await prisma.session.count(),
    models: await prisma.model.count(),
    photos: await prisma.photo.count(),
    trainings: await prisma.training.count(),
    generations: await prisma.generation.count(),
    packOrders: await prisma.packOrder.count(),
    jobs: await prisma.job.count(),
    history: await prisma.jobEvent.count(),
    ledger: await prisma.ledgerEntry.count(),
    events: await prisma.gpuEvent.count(),
    outbox: await prisma.outbox.count(),
    money: [heldMicroUsd, spentMicroUsd],
  };
}

const outbox = () => product.db.prisma.outbox.count();

/** Refused, and nothing is there that was not there before. */
async function refusedWithoutTrace(call: () => Promise<unknown>): Promise<Refusal> {
  // What others of these tests ordered goes on writing until it has ended.
  await until(
    async () => [await product.db.prisma.liveJob.count(), await outbox()],
    ([live, waiting]) => live === 0 && waiting === 0,
  );
  const before = await traces();
  const error = await refusal(call());
  expect(await traces()).toEqual(before);
  return error;
}

type Refusal = {
  data: { appCode: string; httpStatus: number; fields: { path: string; message: string }[] };
  message: string;
};
const refusal = (call: Promise<unknown>): Promise<Refusal> =>
  call.then(
    () => Promise.reject(new Error('was accepted')),
    (error: Refusal) => error,
  );

describe('a generation', () => {
  const order = () => ({ modelId, prompt: 'rain', idempotencyKey: newId() });

  it.each([
    ['an empty prompt', { prompt: '' }, 'prompt', '1'],
    ['a prompt of spaces', { prompt: '   \n ' }, 'prompt', '1'],
    ['a prompt of 1,001 characters', { prompt: 'x'.repeat(1001) }, 'prompt', '1000'],
    ['no image', { n: 0 }, 'n', '1'],
    ['17 images', { n: 17 }, 'n', '16'],
    ['a width of 511', { width: 511 }, 'width', '8'],
    ['a height of 4096', { height: 4096 }, 'height', '2048'],
    ['a width this base model cannot draw', { width: 1024 }, 'width', '512'],
    ['a negative seed', { seed: -1 }, 'seed', '0'],
    ['a seed past 32 bits', { seed: 2 ** 32 }, 'seed', '4294967295'],
  ])('with %s is refused by field and limit', async (_, change, path, limit) => {
    const error = await refusedWithoutTrace(() => person.client.generation.start.mutate({ ...order(), ...change }));
    expect(error.data).toMatchObject({ appCode: 'INVALID_INPUT', httpStatus: 400, fields: [{ path }] });
    expect(error.data.fields[0]?.message).toContain(limit);
  });

  it('of a foreign, an absent or a deleted model answers the same 404', async () => {
    const other = await product.createPerson('Mallory');
    const foreign = await refusal(other.client.generation.start.mutate(order()));
    const absent = await refusal(other.client.generation.start.mutate({ ...order(), modelId: newId() }));
    expect(foreign.data).toEqual(absent.data);
    expect([foreign.message, foreign.data.httpStatus]).toEqual([absent.message, 404]);
  });

  it('of a model that was not trained says so', async () => {
    const draft = await person.client.models.create.mutate({ name: 'Draft', classWord: 'cat' });
    const error = await refusal(person.client.generation.start.mutate({ ...order(), modelId: draft.id }));
    expect(error.data).toMatchObject({ appCode: 'MODEL_NOT_READY', httpStatus: 409 });
  });

  it('without an idempotency key is refused, and a key for another body too', async () => {
    const { idempotencyKey, ...without } = order();
    const missing = await refusal(person.client.generation.start.mutate(without as never));
    expect(missing.data).toMatchObject({ appCode: 'IDEMPOTENCY_KEY_MISSING', httpStatus: 400 });
    await person.client.generation.start.mutate({ ...without, idempotencyKey });
    const { jobs } = await traces();
    const reused = await refusal(person.client.generation.start.mutate({ ...without, prompt: 'snow', idempotencyKey }));
    expect(reused.data).toMatchObject({ appCode: 'IDEMPOTENCY_KEY_REUSED', httpStatus: 422 });
    expect((await traces()).jobs).toBe(jobs);
  });

  it('of a pack that does not exist is refused', async () => {
    const error = await refusedWithoutTrace(() =>
      person.client.packs.run.mutate({ slug: 'no-such-pack', modelId, idempotencyKey: newId() }),
    );
    expect(error.data).toMatchObject({ appCode: 'NOT_FOUND', httpStatus: 404 });
  });
});

describe('a training', () => {
  it.each([
    ['rank 0', { rank: 0 }, 'overrides.rank', '1'],
    ['rank 129', { rank: 129 }, 'overrides.rank', '128'],
    ['5001 steps', { steps: 5001 }, 'overrides.steps', '5000'],
    ['a learning rate of 0.1', { learningRate: 0.1 }, 'overrides.learningRate', '0.01'],
    ['100 px', { resolution: 100 }, 'overrides.resolution', '8'],
    ['a batch of 9', { batchSize: 9 }, 'overrides.batchSize', '8'],
    ['a prior weight of 3', { priorWeight: 3 }, 'overrides.priorWeight', '2'],
    ['checkpoints each 10 ms', { checkpointEveryMs: 10 }, 'overrides.checkpointEveryMs', '1000'],
    ['five sample prompts', { samplePrompts: ['a', 'b', 'c', 'd', 'e'] }, 'overrides.samplePrompts', '4'],
    ['a sample prompt of 301', { samplePrompts: ['x'.repeat(301)] }, 'overrides.samplePrompts.0', '300'],
    ['a negative seed', { seed: -1 }, 'overrides.seed', '0'],
  ])('with %s is refused by field and limit', async (_, overrides, path, limit) => {
    const error = await refusedWithoutTrace(() =>
      person.client.training.start.mutate({ modelId, preset: 'fast', overrides, idempotencyKey: newId() }),
    );
    expect(error.data).toMatchObject({ appCode: 'INVALID_INPUT', fields: [{ path }] });
    expect(error.data.fields[0]?.message).toContain(limit);
  });

  it('with 4 photos is refused, and a 21st photo cannot be added', { timeout: 60_000 }, async () => {
    const draft = await createReadyDraft(person);
    const { items } = await person.client.photos.list.query({ modelId: draft });
    await person.client.photos.delete.mutate({ id: items[0]?.id ?? '' });
    const few = await refusedWithoutTrace(() =>
      person.client.training.start.mutate({ modelId: draft, preset: 'fast', idempotencyKey: newId() }),
    );
    expect(few.data).toMatchObject({ appCode: 'PHOTOS_TOO_FEW', httpStatus: 400 });
    expect(few.message).toContain('at least 5');
    for (let number = 10; number < 26; number += 1) await uploadPhoto(person, draft, await drawPhoto(number));
    const many = await refusedWithoutTrace(() =>
      person.client.photos.create.mutate({
        modelId: draft,
        fileName: 'x.jpg',
        contentType: 'image/jpeg',
        sizeBytes: 1000,
      }),
    );
    expect(many.data.appCode).toBe('PHOTOS_TOO_MANY');
    expect(many.message).toContain('20');
  });

  it('without a consent is refused', async () => {
    const draft = await person.client.models.create.mutate({ name: 'Draft', classWord: 'woman' });
    const error = await refusedWithoutTrace(() =>
      person.client.training.start.mutate({ modelId: draft.id, preset: 'fast', idempotencyKey: newId() }),
    );
    expect(error.data.appCode).toBe('CONSENT_MISSING');
  });
});

describe('a token', () => {
  it.each([
    ['missing', ''],
    ['of nobody', 'pxg_not-a-key'],
    [
      'signed by someone else',
      `${Buffer.from('{"alg":"RS256","kid":"x"}').toString('base64url')}.${Buffer.from('{"sub":"user_1"}').toString('base64url')}.AAAA`,
    ],
  ])('that is %s gets 401 and nothing else', async (_, token) => {
    const stranger = createPixgenClient({ baseUrl: product.apiUrl, apiKey: token });
    const order = { modelId, prompt: 'rain', idempotencyKey: newId() };
    for (const call of [() => stranger.account.me.query(), () => stranger.generation.start.mutate(order)]) {
      const error = await refusedWithoutTrace(call);
      expect(error.data).toMatchObject({ appCode: 'UNAUTHENTICATED', httpStatus: 401 });
    }
  });
});

describe('a GPU', () => {
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(new URL(path, product.apiUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return answer.status;
  };
  const heartbeat = (jobId: string, claimEpoch = 1) =>
    JSON.stringify({ type: 'heartbeat', jobId, attempt: 1, claimEpoch, phase: 'loading' });
  const sign = (jobId: string, body: string, options: { epoch?: number; at?: Date; secret?: string } = {}) => {
    const id = `msg_${randomUUID()}`;
    const at = options.at ?? new Date();
    const secret = options.secret ?? claimSecret(TICKET_KEY, jobId, 1, options.epoch ?? 1);
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    };
  };
  const address = (jobId: string, epoch = 1) => `/webhooks/gpu/${jobId}/1/${epoch}`;

  /** A job that the test itself holds: the simulator is kept from claiming it. */
  async function claimedJob(): Promise<{ jobId: string; token: string; orderId: string }> {
    product.simulator.control({ capacity: 0 });
    const { job, id } = await person.client.generation.start.mutate({
      modelId,
      prompt: 'rain',
      idempotencyKey: newId(),
    });
    await until(
      () => person.client.jobs.get.query({ id: job.id }),
      (view) => view.state === 'dispatching',
    );
    const token = ticketToken(TICKET_KEY, job.id, 1);
    expect(await post('/gpu/claim', { jobId: job.id, attempt: 1, token, callId: 'test-call' })).toBe(200);
    return { jobId: job.id, token, orderId: id };
  }

  it('with a wrong token, a second call or a later end gets no work', async () => {
    const { jobId, token, orderId } = await claimedJob();
    expect(await post('/gpu/claim', { jobId, attempt: 1, token: '0'.repeat(64), callId: 'test-call' })).toBe(401);
    for (const callId of ['', 'x'.repeat(201), 'a\u0000b', 'two words'])
      expect([callId, await post('/gpu/claim', { jobId, attempt: 1, token, callId })]).toEqual([callId, 400]);
    expect(await post('/gpu/claim', { jobId, attempt: 1, token, callId: 'another-call' })).toBe(409);
    await person.client.generation.cancel.mutate({ id: orderId });
    expect(await post('/gpu/claim', { jobId, attempt: 1, token, callId: 'test-call' })).toBe(410);
  });

  it('with a bad signature or an old timestamp is refused before its body counts', async () => {
    const { jobId, orderId } = await claimedJob();
    const body = heartbeat(jobId);
    expect(await post(address(jobId), body, sign(jobId, body))).toBe(202);
    expect(
      await post(
        address(jobId),
        body,
        sign(jobId, body, { secret: claimSecret('another key, also long enough', jobId, 1, 1) }),
      ),
    ).toBe(401);
    expect(await post(address(jobId), body.replace('loading', 'saving'), sign(jobId, body))).toBe(401);
    expect(await post(address(jobId), body, sign(jobId, body, { at: new Date(Date.now() - 6 * 60_000) }))).toBe(401);
    expect(
      await post(address(jobId), body, {
        ...sign(jobId, body),
        'webhook-timestamp': `${Math.floor(Date.now() / 1000)}abc`,
      }),
    ).toBe(401);
    expect(await post(address(jobId), body)).toBe(401);
    await person.client.generation.cancel.mutate({ id: orderId });
  });

  it('of an unknown job, an older epoch or a finished job is told to stop', async () => {
    const { jobId, token, orderId } = await claimedJob();
    const unknown = newId();
    expect(await post(address(unknown), heartbeat(unknown), sign(unknown, heartbeat(unknown)))).toBe(410);
    expect(await post('/gpu/claim', { jobId, attempt: 1, token, callId: 'test-call' })).toBe(200);
    expect(await post(address(jobId), heartbeat(jobId), sign(jobId, heartbeat(jobId)))).toBe(410);
    const upload = {
      jobId,
      attempt: 1,
      token,
      purpose: 'image',
      imageId: newId(),
      step: null,
      contentType: 'image/png',
      sizeBytes: 10,
      sha256: `${'A'.repeat(43)}=`,
    };
    expect(await post('/gpu/uploads', { ...upload, claimEpoch: 1 })).toBe(410);
    expect(await post('/gpu/uploads', { ...upload, claimEpoch: 2 })).toBe(200);
    await person.client.generation.cancel.mutate({ id: orderId });
    expect(await post('/gpu/uploads', { ...upload, claimEpoch: 2 })).toBe(410);
    expect(await post(address(jobId, 2), heartbeat(jobId, 2), sign(jobId, heartbeat(jobId, 2), { epoch: 2 }))).toBe(
      410,
    );
  });

  it('of an earlier attempt is told to stop at whatever it does, and leaves no trace', async () => {
    const { jobId, token, orderId } = await claimedJob();
    const ended = { type: 'failed', jobId, attempt: 1, claimEpoch: 1, gpuMs: 1, code: 'GPU_LOST', retryable: true };
    const body = JSON.stringify(ended);
    expect(await post(address(jobId), body, sign(jobId, body))).toBe(202);
    await until(
      () => person.client.jobs.get.query({ id: jobId }),
      (view) => view.attempt === 2 && view.state === 'dispatching',
    );
    await until(outbox, (waiting) => waiting === 0);
    const before = await traces();
    expect(await post('/gpu/claim', { jobId, attempt: 1, token, callId: 'test-call' })).toBe(410);
    expect(await post(address(jobId), heartbeat(jobId), sign(jobId, heartbeat(jobId)))).toBe(410);
    expect(await post(address(jobId), body, sign(jobId, body))).toBe(410);
    const upload = { purpose: 'image', imageId: newId(), step: null, contentType: 'image/png', sizeBytes: 10 };
    const grant = { jobId, attempt: 1, claimEpoch: 1, token, ...upload, sha256: `${'A'.repeat(43)}=` };
    expect(await post('/gpu/uploads', grant)).toBe(410);
    // Its ticket opens no other attempt.
    expect(await post('/gpu/claim', { jobId, attempt: 2, token, callId: 'test-call' })).toBe(401);
    expect(await traces()).toEqual(before);
    await person.client.generation.cancel.mutate({ id: orderId });
  });

  it('cannot pass another job’s object off as its result', async () => {
    product.simulator.control({ capacity: null });
    const { id } = await person.client.generation.start.mutate({ modelId, prompt: 'rain', idempotencyKey: newId() });
    await until(() => person.client.generation.get.query({ id }), hasEnded);
    const stolen = await product.db.prisma.image.findFirstOrThrow({ where: { generationId: id } });
    const { jobId, orderId } = await claimedJob();
    const { images } = await person.client.generation.get.query({ id: orderId });
    const result = {
      status: 'succeeded',
      key: stolen.storageKey,
      sizeBytes: stolen.sizeBytes,
      sha256: stolen.sha256,
      width: 128,
      height: 128,
      gpuMs: 1,
      safety: null,
    };
    const body = JSON.stringify({ type: 'image', jobId, attempt: 1, claimEpoch: 1, imageId: images[0]?.id, result });
    expect(await post(address(jobId), body, sign(jobId, body))).toBe(202);
    const after = await until(
      () => person.client.generation.get.query({ id: orderId }),
      (view) => view.counts.failed === 1,
    );
    expect(after.counts.ready).toBe(0);
    await person.client.generation.cancel.mutate({ id: orderId });
  });
});
