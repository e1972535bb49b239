/** I11: after an erasure nothing is left, whatever happens on the way, and nothing comes back. */
import { createHash, randomUUID } from 'node:crypto';
import {
  auditLedger,
  claimErasure,
  hashReceipt,
  linkAudit,
  type OpenErasure,
  requestErasure,
  verifyAudit,
} from '@pixgen/db';
import { CONSENT, ERASE_PHRASE, ERASE_USER_PHRASE, eraseUserInput, erasureReceipt, newId } from '@pixgen/domain';
import type { Progress } from '@pixgen/queue';
import { keys } from '@pixgen/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_CALL_LIMITS } from '../account/call-limits.ts';
import type { Actor, Deps } from '../deps.ts';
import { startGeneration } from '../generation/start-generation.ts';
import { hashPassword } from '../identity/passwords.ts';
import { claimAttempt } from '../jobs/claim-attempt.ts';
import { dispatchJob } from '../jobs/dispatch-job.ts';
import { ticketToken } from '../jobs/gpu-secrets.ts';
import { grantUpload } from '../jobs/grant-upload.ts';
import { restoreModel } from '../models/delete-model.ts';
import { createModel } from '../models/write-model.ts';
import { createPhoto } from '../photos/create-photo.ts';
import { restorePhoto } from '../photos/delete-photo.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { createWorld } from '../testing-world.ts';
import { eraseAccount, eraseAccountOf, eraseModel, erasePhoto, eraseUser, getErasure } from './request-erasure.ts';
import { ERASE_STEPS, type ErasureTools, LAST_SWEEP_AFTER_MS, runErasure } from './run-erasure.ts';

const PASSWORD = 'a long enough password';
const IN_HAND_MS = 60_000;

let test: TestDeps;
let deps: Deps;
/** Stands in everything of the person who was made last. */
let canary = '';
const cancelled: string[] = [];
const tools: ErasureTools = {
  gpu: { cancel: async (callId) => void cancelled.push(callId) },
  deleteIdentity: null,
};
beforeAll(async () => {
  test = await createTestDeps({
    prices: { trainMicroUsd: 0, imageMicroUsd: 1_000 },
    callLimits: { ...NO_CALL_LIMITS, readsPer15Min: 1_000 },
  });
  ({ deps } = test);
});
afterAll(() => test.close());

/** A person whose every text is the canary, with photos, a trained model, a job at work and objects of every kind. */
async function createPerson(objects = 3) {
  canary = `canary${randomUUID().replaceAll('-', '')}`;
  const actor = await createActor(deps);
  const { userId } = actor;
  const { prisma } = deps.db;
  await prisma.user.update({
    where: { id: userId },
    data: {
      email: `${canary}-${userId}@example.test`,
      displayName: canary,
      credential: { create: { passwordHash: await hashPassword(PASSWORD) } },
      sessions: { create: { id: `${canary}-${userId}`, expiresAt: new Date(Date.now() + 60_000) } },
      apiKeys: { create: { id: newId(), name: canary, prefix: 'pxg_x', secretHash: `${canary}${userId}` } },
    },
  });
  const consent = { subject: 'self', accepted: true, adult: true, textVersion: CONSENT.version } as const;
  const model = await createModel(deps, actor, { name: canary, classWord: 'woman', consent });
  await prisma.model.update({ where: { id: model.id }, data: { state: 'ready' } });
  const photoIds: string[] = [];
  for (let n = 0; n < objects; n += 1) {
    const id = newId();
    photoIds.push(id);
    const data = { userId, modelId: model.id, fileName: `${canary}.jpg`, contentType: 'image/jpeg', sizeBytes: 1 };
    await prisma.photo.create({ data: { id, ...data, state: 'ready', sha256: 'x' } });
    const key = keys.photo(userId, model.id, id);
    await deps.storage.write(key, Buffer.from(canary), 'image/jpeg');
    await deps.storage.write(keys.derivative(key, 128, 'webp'), Buffer.from(canary), 'image/webp');
    await deps.storage.write(keys.photoUpload(userId, id), Buffer.from(canary), 'image/jpeg');
  }
  const trainingId = newId();
  const order = { profile: 'nano', preset: 'fast', settings: {}, photoIds };
  await prisma.training.create({ data: { id: trainingId, userId, modelId: model.id, ...order } });
  const trained = { id: newId(), userId, modelId: model.id, kind: 'train', trainingId };
  const endedAt = new Date();
  await prisma.job.create({ data: { ...trained, state: 'succeeded', endedAt, deadlineAt: endedAt } });
  const storageKey = keys.gpuObject({
    userId,
    jobId: trained.id,
    attempt: 1,
    claimEpoch: 1,
    name: 'weights.safetensors',
  });
  const file = { storageKey, sizeBytes: 1, sha256: 'x', profile: 'nano', step: 1, final: true };
  await prisma.weights.create({ data: { id: newId(), userId, modelId: model.id, trainingId, ...file } });
  await deps.storage.write(storageKey, Buffer.from(canary), 'application/octet-stream');
  // A checkpoint's LoRA, which its owner draws with.
  const checkpointKey = storageKey.replace('weights', 'weights-step-1');
  const checkpoint = {
    ...file,
    id: newId(),
    jobId: trained.id,
    storageKey: checkpointKey,
    final: false,
    likeness: 0.5,
  };
  await prisma.weights.create({ data: { ...checkpoint, userId, modelId: model.id, trainingId } });
  await prisma.model.update({ where: { id: model.id }, data: { chosenWeightsId: checkpoint.id } });
  await deps.storage.write(checkpointKey, Buffer.from(canary), 'application/octet-stream');
  await deps.storage.write(keys.derivative(storageKey, 128, 'webp'), Buffer.from(canary), 'image/webp');
  const told = { reason: 'other', words: canary, dueAt: new Date() };
  await prisma.report.createMany({
    data: [
      // About them, by a stranger; by them, about a stranger; by them with nothing but words; with their address alone.
      { id: newId(), codeHash: newId(), what: `${canary} /models/${model.id}`, namedIds: [model.id], ...told },
      { id: newId(), codeHash: newId(), what: canary, namedIds: [newId()], reporterId: userId, ...told },
      { id: newId(), codeHash: newId(), what: canary, namedIds: [], reporterId: userId, ...told },
      {
        id: newId(),
        codeHash: newId(),
        what: canary,
        namedIds: [newId()],
        contact: `${canary}-${userId}@example.test`,
        ...told,
      },
    ],
  });
  await prisma.strike.create({ data: { id: newId(), userId, reason: 'prompt-sexual' } });
  return { actor, modelId: model.id, photoIds };
}

const orderOf = (modelId: string) => ({
  modelId,
  prompt: canary,
  negativePrompt: canary,
  n: 1,
  loraWeight: 1,
  idempotencyKey: newId(),
});

/** A generation whose call has claimed and holds a URL to write to. */
async function putToWork({ actor, modelId }: { actor: Actor; modelId: string }) {
  const generation = await startGeneration(deps, actor, orderOf(modelId));
  const ticket = { jobId: generation.job.id, attempt: 1 };
  const callId = `call-${newId()}`;
  const gpu = { name: 'test', submit: async () => ({ callId }), status: async () => ({ state: 'pending' as const }) };
  const rest = { cancel: async () => {}, close: async () => {} };
  await dispatchJob(deps, { ...gpu, ...rest }, ticket, { lastTry: false, starts: 1, suspect: false });
  const token = ticketToken(deps.config.ticketKey, ticket.jobId, 1);
  const order = await claimAttempt(deps, { ...ticket, token, callId });
  const request = {
    ...ticket,
    token,
    claimEpoch: order.claimEpoch,
    purpose: 'image' as const,
    imageId: generation.images[0]?.id ?? newId(),
    step: null,
    contentType: 'image/png' as const,
    sizeBytes: canary.length,
    sha256: (await sha256(canary)).toString('base64'),
  };
  const upload = await grantUpload(deps, request);
  const heard = { ...ticket, claimEpoch: 1, sentAtS: 1, at: new Date().toISOString() };
  const shown = { phase: 'drawing', step: 1, totalSteps: 2, loss: 0.5, imageId: null, previewUrl: null } as const;
  await deps.live.saveProgress({ ...heard, ...shown } as unknown as Progress);
  const { jobId, attempt, claimEpoch } = request;
  const result = { status: 'failed', code: 'GPU_INTERNAL', safety: null } as const;
  const event = { type: 'image', jobId, attempt, claimEpoch, imageId: request.imageId, result } as const;
  expect(await deps.jobs.storeEvent({ webhookId: `${canary}-${jobId}`, event })).toMatchObject({ outcome: 'stored' });
  await deps.callLimits.count(actor.userId, 'read');
  return { ...ticket, callId, token, request, upload };
}

async function sha256(text: string): Promise<Buffer> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text)));
}

const putLate = (upload: { url: string; headers: Record<string, string> }) =>
  fetch(upload.url, { method: 'PUT', headers: upload.headers, body: canary });

/** Where the words still stand: every column of every table, every key and value of Redis, every key of the store. */
async function findTraces(words: string[], userId: string): Promise<string[]> {
  const traces: string[] = [];
  const { pool } = deps.db;
  const tables = await pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  expect(tables.rows.length).toBeGreaterThan(20);
  for (const { name } of tables.rows) {
    const { rows } = await pool.query<{ row: string }>(`SELECT t::text AS row FROM "${name}" t`);
    for (const { row } of rows) if (words.some((word) => row.includes(word))) traces.push(`${name}: ${row}`);
  }
  for (const prefix of keys.ofUser(userId)) {
    for await (const { key } of deps.storage.list(prefix)) traces.push(key);
    expect(await deps.storage.abortUploads(prefix)).toBe(0);
  }
  for (const queue of deps.producer.queues) {
    const tasks = await queue.getJobs(['waiting', 'delayed', 'active', 'completed', 'failed', 'prioritized']);
    for (const task of tasks) {
      const text = JSON.stringify(task);
      if (words.some((word) => text.includes(word))) traces.push(`queue ${queue.name}: ${text}`);
    }
  }
  if ((await deps.live.forget({ userId, jobIds: words.filter((word) => word.length === 36) })) > 0)
    traces.push('redis');
  return traces;
}

async function claim({ id }: { id: string }): Promise<OpenErasure> {
  // Those of other tests are not in the way.
  await deps.db.pool.query(
    `UPDATE "Erasure" SET "dueAt" = CASE WHEN id = $1 THEN now() - interval '1 second' ELSE now() + interval '1 hour' END`,
    [id],
  );
  const erasure = await claimErasure(deps.db.pool, IN_HAND_MS);
  if (!erasure) throw new Error('no erasure is due');
  return erasure;
}
const makeDue = () => deps.db.pool.query('UPDATE "Erasure" SET "dueAt" = now() - interval \'1 second\'');

/** Everything that is due, by one worker, to the last sweep. */
async function runAll(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) {
    await makeDue();
    for (let next = await claimErasure(deps.db.pool, IN_HAND_MS); next; ) {
      await runErasure(deps, next, tools);
      next = await claimErasure(deps.db.pool, IN_HAND_MS);
    }
  }
}
const confirmation = { confirmation: ERASE_PHRASE, password: PASSWORD } as const;

describe('an account that an administrator erases', () => {
  const confirmed = { confirmation: ERASE_USER_PHRASE } as const;
  async function createAdmin(): Promise<Actor> {
    const { userId } = await createActor(deps);
    await deps.db.prisma.user.update({ where: { id: userId }, data: { role: 'admin' } });
    return { ...(await createActor(deps)), userId, role: 'admin' };
  }

  it('ends as by its owner, also when it is suspended, and the log says who did it', async () => {
    const [admin, { actor }] = [await createAdmin(), await createPerson(1)];
    await deps.db.prisma.user.update({ where: { id: actor.userId }, data: { status: 'suspended' } });
    const pseudonyms = await deps.db.prisma.user.findMany({
      where: { id: { in: [admin.userId, actor.userId] } },
      select: { id: true, pseudonym: true },
    });
    const pseudonymOf = (id: string) => pseudonyms.find((one) => one.id === id)?.pseudonym;
    const started = await eraseUser(deps, admin, { id: actor.userId, ...confirmed });
    await expect(eraseUser(deps, admin, { id: actor.userId, ...confirmed })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
    await runErasure(deps, await claim(started), tools);
    expect((await getErasure(deps, started)).receipt).toMatchObject({ requestedBy: 'operator', kind: 'account' });
    expect(await deps.db.prisma.user.findUnique({ where: { id: actor.userId } })).toBeNull();
    const where = { action: 'erase.requested', subject: pseudonymOf(actor.userId) ?? '' };
    const [line] = await deps.db.prisma.auditEntry.findMany({ where });
    expect(line).toMatchObject({ actor: pseudonymOf(admin.userId), detail: { kind: 'account', by: 'operator' } });
  });

  it('is no administrator’s and not their own, and programs erase none', async () => {
    const [admin, other, person] = [await createAdmin(), await createAdmin(), await createActor(deps)];
    const conflict = { code: 'STATE_CONFLICT' };
    await expect(eraseUser(deps, admin, { id: admin.userId, ...confirmed })).rejects.toMatchObject(conflict);
    await expect(eraseUser(deps, admin, { id: other.userId, ...confirmed })).rejects.toMatchObject(conflict);
    const program = { ...admin, via: 'api-key' as const };
    await expect(eraseUser(deps, program, { id: person.userId, ...confirmed })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(eraseUser(deps, admin, { id: newId(), ...confirmed })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const left = await deps.db.prisma.user.findMany({
      where: { id: { in: [admin, other, person].map(({ userId }) => userId) } },
    });
    expect(left.map(({ status }) => status)).toEqual(['active', 'active', 'active']);
    expect(eraseUserInput.safeParse({ id: person.userId, confirmation: 'yes' }).success).toBe(false);
  });
});

describe('an erased account', () => {
  it('leaves no trace but sums under a pseudonym that leads to nobody', async () => {
    const person = await createPerson();
    const { userId } = person.actor;
    const work = await putToWork(person);
    const { pseudonym } = await deps.db.prisma.user.findUniqueOrThrow({ where: { id: userId } });
    const started = await eraseAccount(deps, person.actor, confirmation);
    const { code } = started;
    await runErasure(deps, await claim(started), tools);
    const view = await getErasure(deps, { code });
    expect(view).toMatchObject({ state: 'erased', kind: 'account' });
    expect(view.receipt).toMatchObject({
      requestedBy: 'owner',
      identityProvider: 'none',
      counts: { models: 1, photos: 3, trainings: 1, weights: 2, generations: 1, jobs: 2, objects: 12, gpuCalls: 1 },
    });
    expect(cancelled).toContain(work.callId);
    // The ids by which the last sweep looks once more stand on the erasure alone.
    const words = [canary, userId, ...person.photoIds];
    const left = await findTraces(words, userId);
    expect(left.filter((trace) => !trace.startsWith('Erasure: '))).toEqual([]);
    expect(await deps.live.forget({ userId, jobIds: [work.jobId] })).toBe(0);
    await runAll();
    // Money that was held and given back stays closed under the job's id, which is nobody's.
    const ofJob = await findTraces([...words, work.jobId], userId);
    expect(ofJob.filter((trace) => !trace.startsWith('LedgerEntry: '))).toEqual([]);
    expect(await findTraces(words, userId)).toEqual([]);
    expect(await deps.db.prisma.ledgerEntry.count({ where: { userId: pseudonym } })).toBe(2);
    expect(await deps.db.prisma.consent.count({ where: { userId: pseudonym } })).toBe(1);
    expect((await auditLedger(test.databaseUrl)).findings).toEqual([]);
    expect((await getErasure(deps, { code })).state).toBe('swept');
  });

  it('is closed at once: nothing of it is seen or added from the answer on', async () => {
    const person = await createPerson();
    await eraseAccount(deps, person.actor, confirmation);
    const user = await deps.db.prisma.user.findUniqueOrThrow({
      where: { id: person.actor.userId },
      include: { credential: true, sessions: true, apiKeys: true },
    });
    expect(user).toMatchObject({ status: 'erasing', email: null, displayName: '', credential: null });
    expect([user.sessions, user.apiKeys]).toEqual([[], []]);
    await expect(eraseAccount(deps, person.actor, confirmation)).rejects.toThrow();
    await runAll();
  });

  it('needs the password and a person, not a program', async () => {
    const { actor } = await createPerson(1);
    await expect(eraseAccount(deps, actor, { ...confirmation, password: 'wrong' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    await expect(eraseAccount(deps, { ...actor, via: 'api-key' }, confirmation)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await deps.db.prisma.user.findUnique({ where: { id: actor.userId } })).toMatchObject({ status: 'active' });
  });

  it('ends once with one receipt however often a worker dies on the way, at every step', async () => {
    const person = await createPerson();
    const work = await putToWork(person);
    const { userId } = person.actor;
    const started = await eraseAccount(deps, person.actor, confirmation);
    const { code } = started;
    let deaths = 0;
    const mortal: Deps = {
      ...deps,
      passPoint(point) {
        if (point === 'erase.midway') throw new Error('killed');
      },
    };
    for (let turn = 0; turn < 50 && (await getErasure(deps, { code })).state === 'erasing'; turn += 1) {
      const died = await runErasure(mortal, await claim(started), tools).then(
        () => false,
        () => true,
      );
      if (died) deaths += 1;
    }
    expect(deaths).toBeGreaterThanOrEqual(ERASE_STEPS.length);
    const { receipt, receiptSha256 } = await getErasure(deps, { code });
    // What was counted before the first object went is not counted again from what was left.
    expect(receipt?.counts).toMatchObject({ photos: 3, objects: 12, generations: 1 });
    await runAll();
    expect(await findTraces([canary, userId, ...person.photoIds], userId)).toEqual([]);
    const done = await deps.db.prisma.auditEntry.findMany({ where: { action: 'erase.done' } });
    expect(
      done.filter(({ detail }) => (detail as object & { receiptSha256: string }).receiptSha256 === receiptSha256),
    ).toHaveLength(1);
    expect(work.jobId).toBeTruthy();
  });

  it('may be in the hands of two workers at once', async () => {
    const person = await createPerson();
    const { userId } = person.actor;
    const started = await eraseAccount(deps, person.actor, confirmation);
    const { code } = started;
    const erasure = await claim(started);
    await Promise.all([runErasure(deps, erasure, tools), runErasure(deps, erasure, tools)]);
    expect((await getErasure(deps, { code })).receipt?.counts).toMatchObject({ photos: 3 });
    await runAll();
    expect(await findTraces([canary, userId], userId)).toEqual([]);
  });

  it('asked for many times at once is erased once', async () => {
    const { actor } = await createPerson(1);
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => eraseAccountOf(deps, actor.userId, 'owner')),
    );
    expect(results.filter((one) => one.status === 'fulfilled' && one.value !== null)).toHaveLength(1);
    expect(await deps.db.prisma.erasure.count({ where: { userId: actor.userId } })).toBe(1);
    await runAll();
  });

  it('stays erased when uploads, claims, events, orders and photos arrive late', async () => {
    const person = await createPerson();
    const { actor, modelId } = person;
    const work = await putToWork(person);
    const file = { fileName: 'late.jpg', contentType: 'image/jpeg', sizeBytes: canary.length } as const;
    const photo = await createPhoto(deps, actor, { modelId, ...file });
    const erasure = await claim(await eraseAccount(deps, actor, confirmation));
    await runErasure(deps, erasure, tools);

    // URLs that were signed before still open.
    expect((await putLate(work.upload)).ok).toBe(true);
    expect((await putLate(photo.upload)).ok).toBe(true);
    const claimAgain = claimAttempt(deps, { jobId: work.jobId, attempt: 1, token: work.token, callId: work.callId });
    await expect(claimAgain).rejects.toMatchObject({ code: 'GONE' });
    await expect(grantUpload(deps, work.request)).rejects.toMatchObject({ code: 'GONE' });
    const failed = { type: 'failed', jobId: work.jobId, attempt: 1, claimEpoch: 1, code: 'GPU_INTERNAL' } as const;
    const event = { ...failed, retryable: false, message: canary, gpuMs: 1 };
    expect(await deps.jobs.storeEvent({ webhookId: 'late', event })).toEqual({ outcome: 'gone' });
    const input = orderOf(modelId);
    await expect(startGeneration(deps, actor, input)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(createModel(deps, actor, { name: canary, classWord: 'dog' })).rejects.toThrow();

    const row = await deps.db.prisma.erasure.findUniqueOrThrow({ where: { id: erasure.id } });
    const sweepAfterMs = row.dueAt.getTime() - (row.erasedAt?.getTime() ?? 0);
    expect(sweepAfterMs).toBe(LAST_SWEEP_AFTER_MS);
    expect(new Date(photo.upload.expiresAt).getTime()).toBeLessThan(row.dueAt.getTime());
    await runAll();
    expect(await findTraces([canary, actor.userId], actor.userId)).toEqual([]);
  });

  it('gives held money back, and an order that slips in on the way ends too', async () => {
    const person = await createPerson(1);
    await putToWork(person);
    const erasure = await claim(await eraseAccount(deps, person.actor, confirmation));
    const input = orderOf(person.modelId);
    const late = startGeneration(deps, person.actor, input).catch(() => null);
    await Promise.all([late, runErasure(deps, erasure, tools)]);
    await runAll();
    expect(await findTraces([canary, person.actor.userId], person.actor.userId)).toEqual([]);
    expect((await auditLedger(test.databaseUrl)).findings).toEqual([]);
  });

  it('waits for a store that is away, and goes on where it was', async () => {
    const person = await createPerson(1);
    const started = await eraseAccount(deps, person.actor, confirmation);
    const { code } = started;
    const away: Deps = {
      ...deps,
      storage: { ...deps.storage, remove: () => Promise.reject(new Error('the store is away')) },
    };
    await expect(runErasure(away, await claim(started), tools)).rejects.toThrow('away');
    expect(await getErasure(deps, { code })).toMatchObject({ state: 'erasing', stepsDone: 2 });
    await runAll();
    expect((await getErasure(deps, { code })).state).toBe('swept');
  });

  it('does not wait for a GPU provider that is away, and tells it later', async () => {
    const person = await createPerson(1);
    const { callId } = await putToWork(person);
    const started = await eraseAccount(deps, person.actor, confirmation);
    const away: ErasureTools = { ...tools, gpu: { cancel: () => Promise.reject(new Error('away')) } };
    await runErasure(deps, await claim(started), away);
    expect(cancelled).not.toContain(callId);
    await runAll();
    expect(cancelled).toContain(callId);
  });

  it('of the identity provider is erased there too, where this site may', async () => {
    const asked: string[] = [];
    const run = async (requestedBy: 'owner' | 'identity-provider', deleteIdentity: ErasureTools['deleteIdentity']) => {
      const { userId } = await createActor(deps);
      await deps.db.prisma.user.update({ where: { id: userId }, data: { subject: `user_${userId}` } });
      const started = await eraseAccountOf(deps, userId, requestedBy);
      if (!started) throw new Error('no account');
      await runErasure(deps, await claim(started), { ...tools, deleteIdentity });
      return (await getErasure(deps, { code: started.code })).receipt?.identityProvider;
    };
    const may = async (subject: string) => void asked.push(subject);
    expect(await run('owner', may)).toBe('erased');
    expect(asked).toHaveLength(1);
    expect(await run('identity-provider', may)).toBe('erased');
    expect(asked).toHaveLength(1);
    expect(await run('owner', null)).toBe('left');
    await runAll();
  });
});

describe('a receipt', () => {
  it('can be checked against the audit log, and a changed one cannot pass', async () => {
    const { actor } = await createPerson(2);
    const { code } = await eraseAccount(deps, actor, confirmation);
    await runAll();
    await linkAudit(deps.db.pool);
    const { receipt } = await getErasure(deps, { code });
    const saved: object = erasureReceipt.parse(JSON.parse(JSON.stringify(receipt)));
    const verify = async (file: object) =>
      (await verifyAudit(test.databaseUrl, { receiptSha256: hashReceipt(file) })).findings;
    expect(await verify(saved)).toEqual([]);
    expect(await verify({ ...saved, erasedAt: '2020-01-01T00:00:00.000Z' })).toMatchObject([
      { kind: 'receipt-unknown' },
    ]);
    for (const word of [canary, actor.userId]) expect(JSON.stringify(receipt)).not.toContain(word);
  });

  it('opens for no other code', async () => {
    await expect(getErasure(deps, { code: 'A'.repeat(43) })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an erased model', () => {
  it('is gone for good with its photos and jobs, and leaves the rest of the person alone', async () => {
    const person = await createPerson();
    const { actor, modelId } = person;
    const kept = await createModel(deps, actor, { name: 'kept', classWord: 'dog' });
    const keptKey = keys.photo(actor.userId, kept.id, newId());
    await deps.storage.write(keptKey, Buffer.from('kept'), 'image/jpeg');
    const work = await putToWork(person);
    const { code } = await eraseModel(deps, actor, { id: modelId });
    await expect(restoreModel(deps, actor, { id: modelId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(eraseModel(deps, actor, { id: modelId })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await runAll();
    const { receipt } = await getErasure(deps, { code });
    expect(receipt?.counts).toMatchObject({ models: 1, photos: 3, jobs: 2, objects: 12 });
    const keysLeft: string[] = [];
    for (const prefix of keys.ofUser(actor.userId))
      for await (const { key } of deps.storage.list(prefix)) keysLeft.push(key);
    expect(keysLeft).toEqual([keptKey]);
    for (const table of ['model', 'photo', 'training', 'weights', 'generation', 'image', 'job'] as const) {
      const count = deps.db.prisma[table].count as (args: object) => Promise<number>;
      const where = table === 'model' ? { id: modelId } : { modelId };
      expect([table, await count({ where })]).toEqual([table, 0]);
    }
    expect(await deps.db.prisma.gpuEvent.count({ where: { jobId: work.jobId } })).toBe(0);
    expect(await deps.db.prisma.model.count({ where: { userId: actor.userId } })).toBe(1);
    expect((await auditLedger(test.databaseUrl)).findings).toEqual([]);
  });

  it('of somebody else is not there', async () => {
    const { modelId, photoIds } = await createPerson(1);
    const other = await createActor(deps);
    await expect(eraseModel(deps, other, { id: modelId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(erasePhoto(deps, other, { id: photoIds[0] ?? '' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an erased photo', () => {
  it('is gone for good in every size, and its set goes on without it', async () => {
    const { actor, modelId, photoIds } = await createPerson();
    const [id = ''] = photoIds;
    const { code } = await erasePhoto(deps, actor, { id });
    await expect(restorePhoto(deps, actor, { id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await runAll();
    expect((await getErasure(deps, { code })).receipt?.counts).toMatchObject({ photos: 1, models: 0, objects: 3 });
    expect(await deps.db.prisma.photo.count({ where: { modelId } })).toBe(2);
    for (const prefix of keys.ofPhoto({ userId: actor.userId, modelId, photoId: id }))
      for await (const { key } of deps.storage.list(prefix)) throw new Error(`${key} is left`);
  });
});

describe('what is erased of an account', () => {
  it.each(['model', 'photo', 'image'] as const)(
    'ends once with one receipt however often a worker dies on the way, at every step: a %s',
    async (kind) => {
      const { actor, modelId, photoIds } = await createPerson();
      const { userId } = actor;
      // Beside it another model with a photo and an image.
      const { imageId } = await createWorld(deps, userId);
      const objectKey = `o/${userId}/${imageId}.png`;
      const [photoId = ''] = photoIds;
      const targetId = { model: modelId, photo: photoId, image: imageId }[kind];
      const jobs = await deps.db.prisma.job.findMany({ where: { modelId }, select: { id: true } });
      const prefixes = {
        model: keys.ofModel({ userId, modelId, photoIds, jobIds: jobs.map(({ id }) => id) }),
        photo: keys.ofPhoto({ userId, modelId, photoId }),
        image: keys.ofImage({ userId, objectKey }),
      }[kind];
      const countObjects = async (): Promise<number> => {
        let count = 0;
        for (const prefix of prefixes) for await (const _ of deps.storage.list(prefix)) count += 1;
        return count;
      };
      const before = await countObjects();
      expect(before).toBeGreaterThan(0);
      const code = randomUUID();
      const codeHash = createHash('sha256').update(code).digest('hex');
      const request = { kind, userId, targetId, requestedBy: 'operator', codeHash } as const;
      const requested = await requestErasure(deps.db, request);
      if (typeof requested === 'string') throw new Error(requested);
      let deaths = 0;
      const mortal: Deps = {
        ...deps,
        passPoint(point) {
          if (point === 'erase.midway') throw new Error('killed');
        },
      };
      for (let turn = 0; turn < 50 && (await getErasure(deps, { code })).state === 'erasing'; turn += 1) {
        const died = await runErasure(mortal, await claim(requested), tools).then(
          () => false,
          () => true,
        );
        if (died) deaths += 1;
      }
      expect(deaths).toBeGreaterThanOrEqual(ERASE_STEPS.length);
      const { receipt, receiptSha256 } = await getErasure(deps, { code });
      // As many as there were, though most were gone when it was written.
      expect(receipt?.counts.objects).toBe(before);
      await runAll();
      expect(await countObjects()).toBe(0);
      const where = { id: targetId };
      if (kind === 'model') expect(await deps.db.prisma.model.findUnique({ where })).toBeNull();
      if (kind === 'photo') expect(await deps.db.prisma.photo.findUnique({ where })).toBeNull();
      if (kind === 'image')
        expect(await deps.db.prisma.image.findUnique({ where })).toMatchObject({
          storageKey: null,
          failureCode: 'TAKEN_DOWN',
        });
      const done = await deps.db.prisma.auditEntry.findMany({ where: { action: 'erase.done' } });
      expect(
        done.filter(({ detail }) => (detail as object & { receiptSha256: string }).receiptSha256 === receiptSha256),
      ).toHaveLength(1);
      // The rest of the person is left alone.
      const left = { model: 1, photo: 3, image: 4 }[kind];
      expect(await deps.db.prisma.photo.count({ where: { userId, deletedAt: null } })).toBe(left);
    },
  );
});
