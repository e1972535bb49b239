import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AcceptRequest } from './accept-jobs.ts';
import { type JobMove, moveJobs } from './job-moves.ts';
import { createJobStore, type JobStore } from './job-store.ts';
import { createTestDb, type TestDb } from './testing.ts';

let db: TestDb;
let drop: () => Promise<void>;
let store: JobStore;
let owner: { userId: string; modelId: string; weightsId: string };

beforeAll(async () => {
  ({ db, drop } = await createTestDb());
  store = createJobStore(db.pool, {
    onAccepted() {},
    onEventsStored() {},
    onSkipped(error) {
      throw error;
    },
  });
});
afterAll(() => drop());
beforeEach(async () => {
  owner = await createOwner(null);
});

async function createOwner(budget: bigint | null) {
  const [userId, modelId, trainingId, weightsId] = [newId(), newId(), newId(), newId()];
  await db.prisma.user.create({
    data: { id: userId, subject: `local_${userId}`, displayName: 'Ada', budgetLimitMicroUsd: budget },
  });
  const triggerWord = `sks_${modelId.slice(-6)}`;
  await db.prisma.model.create({
    data: { id: modelId, userId, name: 'Ada', classWord: 'woman', triggerWord, state: 'ready' },
  });
  await db.prisma.training.create({
    data: { id: trainingId, userId, modelId, profile: 'nano', preset: 'fast', settings: {}, photoIds: [] },
  });
  const file = { storageKey: `o/${weightsId}`, sizeBytes: 1, sha256: 'x', profile: 'nano', step: 1, final: true };
  await db.prisma.weights.create({ data: { id: weightsId, userId, modelId, trainingId, ...file } });
  return { userId, modelId, weightsId };
}

function order(overrides: Partial<AcceptRequest> = {}): AcceptRequest {
  const imageId = newId();
  return {
    userId: owner.userId,
    procedure: 'generation.start',
    key: newId(),
    bodyHash: 'same',
    jobId: newId(),
    outboxId: newId(),
    ledgerId: newId(),
    kind: 'generate',
    orderId: newId(),
    modelId: owner.modelId,
    retryOf: null,
    holdMicroUsd: 0,
    deadlineMs: 60_000,
    generation: {
      weightsId: owner.weightsId,
      packVersionId: null,
      prompt: 'rain',
      negativePrompt: '',
      seed: 4_294_967_295,
      steps: 6,
      guidance: 5,
      width: 128,
      height: 128,
      loraWeight: 1,
      planned: [{ imageId, prompt: 'rain', compiledPrompt: 'sks_abc234 woman, rain', seed: 1 }],
    },
    training: null,
    ...overrides,
  };
}

const ids = () => ({ dispatch: newId(), cancel: newId(), settle: newId(), release: newId() });
const moveTo = (jobId: string, to: JobMove['to'], rest: Partial<JobMove> = {}): JobMove => ({
  jobId,
  attempt: 1,
  to,
  cause: null,
  costMicroUsd: 0,
  delayMs: 0,
  ids: ids(),
  ...rest,
});

async function running(overrides: Partial<AcceptRequest> = {}): Promise<string> {
  const request = order(overrides);
  await store.accept(request);
  await store.move(moveTo(request.jobId, 'dispatching'));
  await store.claim({ jobId: request.jobId, attempt: 1, callId: 'call-1' });
  return request.jobId;
}

describe('accepting', () => {
  it('writes order, job, history and outbox row together', async () => {
    const request = order();
    expect(await store.accept(request)).toMatchObject({ outcome: 'accepted', jobId: request.jobId });
    const job = await db.prisma.job.findUniqueOrThrow({
      where: { id: request.jobId },
      include: { generation: true, events: true },
    });
    expect(job).toMatchObject({
      state: 'queued',
      attempt: 1,
      generation: { seed: 4_294_967_295n, prompt: 'rain' },
      events: [{ type: 'queued' }],
    });
    expect(await db.prisma.outbox.findUnique({ where: { id: request.outboxId } })).toMatchObject({
      task: 'dispatch',
      payload: { jobId: request.jobId, attempt: 1 },
    });
  });

  it('makes one job of 100 concurrent calls with one key, and gives all of them its id', async () => {
    const key = newId();
    const answers = await Promise.all(Array.from({ length: 100 }, () => store.accept(order({ key }))));
    const jobIds = new Set(answers.map((answer) => ('jobId' in answer ? answer.jobId : answer.outcome)));
    expect(jobIds.size).toBe(1);
    expect(answers.filter((answer) => answer.outcome === 'accepted')).toHaveLength(1);
    expect(await db.prisma.job.count({ where: { userId: owner.userId } })).toBe(1);
  });

  it('refuses a key that was used with another body, also inside one batch', async () => {
    const key = newId();
    const [first, second] = await Promise.all([
      store.accept(order({ key })),
      store.accept(order({ key, bodyHash: 'other' })),
    ]);
    expect(first.outcome).toBe('accepted');
    expect(second.outcome).toBe('key-reused');
    expect((await store.accept(order({ key, bodyHash: 'other' }))).outcome).toBe('key-reused');
  });

  it('keeps one person’s key apart from another’s', async () => {
    const key = newId();
    await store.accept(order({ key }));
    owner = await createOwner(null);
    expect((await store.accept(order({ key }))).outcome).toBe('accepted');
  });

  it.each([1, 2, 3])('grants exactly what the budget allows to 200 parallel calls (round %i)', async () => {
    owner = await createOwner(10_000n);
    const answers = await Promise.all(Array.from({ length: 200 }, () => store.accept(order({ holdMicroUsd: 1_000 }))));
    expect(answers.filter((answer) => answer.outcome === 'accepted')).toHaveLength(10);
    expect(answers.filter((answer) => answer.outcome === 'over-budget')).toHaveLength(190);
    const user = await db.prisma.user.findUniqueOrThrow({ where: { id: owner.userId } });
    expect(user.heldMicroUsd).toBe(10_000n);
  });

  it('does not charge a replay against the budget', async () => {
    owner = await createOwner(1_000n);
    const key = newId();
    expect((await store.accept(order({ key, holdMicroUsd: 1_000 }))).outcome).toBe('accepted');
    expect((await store.accept(order({ key, holdMicroUsd: 1_000 }))).outcome).toBe('replayed');
  });

  it('lets one bad order of a batch fail alone', async () => {
    const answers = await Promise.allSettled([
      store.accept(order()),
      store.accept(order({ modelId: newId() })),
      store.accept(order()),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('allows one live job per generation', async () => {
    const first = order();
    await store.accept(first);
    const retry = order({ orderId: first.orderId, generation: null, retryOf: first.jobId });
    expect((await store.accept(retry)).outcome).toBe('already-live');
  });
});

describe('moving', () => {
  it('lets exactly one of many concurrent ends win, and none change it afterwards', async () => {
    const jobId = await running();
    const ends = (['succeeded', 'failed', 'cancelled', 'expired'] as const).flatMap((to) => [to, to, to]);
    const moved = await Promise.all(ends.map((to) => store.move(moveTo(jobId, to, { cause: 'x' }))));
    expect(moved.filter((row) => row !== null)).toHaveLength(1);
    const { state } = await db.prisma.job.findUniqueOrThrow({ where: { id: jobId } });
    expect(
      await moveJobs(db.pool, [moveTo(jobId, 'queued'), moveTo(jobId, 'running'), moveTo(jobId, 'failed')]),
    ).toEqual([]);
    expect((await db.prisma.job.findUniqueOrThrow({ where: { id: jobId } })).state).toBe(state);
  });

  it('ignores a move of an earlier attempt', async () => {
    const jobId = await running();
    await store.move(moveTo(jobId, 'queued', { cause: 'GPU_LOST' }));
    expect(await store.move(moveTo(jobId, 'failed'))).toBeNull();
    expect(await db.prisma.job.findUniqueOrThrow({ where: { id: jobId } })).toMatchObject({
      state: 'queued',
      attempt: 2,
    });
  });

  it('settles what was used and releases the rest', async () => {
    owner = await createOwner(10_000n);
    const jobId = await running({ holdMicroUsd: 4_000 });
    await store.move(moveTo(jobId, 'succeeded', { costMicroUsd: 3_000 }));
    const user = await db.prisma.user.findUniqueOrThrow({ where: { id: owner.userId } });
    expect([user.heldMicroUsd, user.spentMicroUsd]).toEqual([0n, 3_000n]);
    const entries = await db.prisma.ledgerEntry.findMany({ where: { jobId }, orderBy: { id: 'asc' } });
    expect(Object.fromEntries(entries.map((entry) => [entry.entry, entry.amountMicroUsd]))).toEqual({
      hold: 4_000n,
      settle: 3_000n,
      release: 1_000n,
    });
  });

  it('releases the whole hold when a job is cancelled, and tells the provider', async () => {
    owner = await createOwner(10_000n);
    const jobId = await running({ holdMicroUsd: 4_000 });
    await store.move(moveTo(jobId, 'cancelled', { cause: 'CANCELLED_BY_USER' }));
    const user = await db.prisma.user.findUniqueOrThrow({ where: { id: owner.userId } });
    expect([user.heldMicroUsd, user.spentMicroUsd]).toEqual([0n, 0n]);
    const rows = await db.prisma.outbox.findMany({ where: { task: 'cancel-calls' } });
    expect(rows.map((row) => row.payload)).toContainEqual({ jobId, attempt: 1 });
  });
});

describe('claiming', () => {
  it('gives an attempt to exactly one of many calls', async () => {
    const request = order();
    await store.accept(request);
    await store.move(moveTo(request.jobId, 'dispatching'));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.claim({ jobId: request.jobId, attempt: 1, callId: `call-${n}` })),
    );
    expect(answers.filter((answer) => answer.outcome === 'claimed')).toHaveLength(1);
    expect(answers.filter((answer) => answer.outcome === 'taken')).toHaveLength(19);
  });

  it('counts each claim of the same call as a new epoch and ends after three', async () => {
    const jobId = await running();
    const again = () => store.claim({ jobId, attempt: 1, callId: 'call-1' });
    expect(await again()).toMatchObject({ outcome: 'claimed', claimEpoch: 2 });
    expect(await again()).toMatchObject({ outcome: 'claimed', claimEpoch: 3 });
    expect(await again()).toEqual({ outcome: 'too-many' });
  });

  it('refuses a claim of a finished job or an older attempt', async () => {
    const jobId = await running();
    await store.move(moveTo(jobId, 'queued'));
    expect((await store.claim({ jobId, attempt: 1, callId: 'call-1' })).outcome).toBe('gone');
    await store.move(moveTo(jobId, 'cancelled', { attempt: 2 }));
    expect((await store.claim({ jobId, attempt: 2, callId: 'call-1' })).outcome).toBe('gone');
  });
});

describe('call ids', () => {
  const callsOf = async (jobId: string) =>
    (await db.prisma.jobAttempt.findFirstOrThrow({ where: { jobId } })).submittedCallIds.toSorted();

  it('are kept until somebody claims: each submitted one, once', async () => {
    const request = order();
    await store.accept(request);
    await store.move(moveTo(request.jobId, 'dispatching'));
    for (const callId of ['b', 'a', 'b']) store.recordCall({ jobId: request.jobId, attempt: 1, callId });
    await store.flush();
    store.recordCall({ jobId: request.jobId, attempt: 1, callId: 'c' });
    await store.flush();
    expect(await callsOf(request.jobId)).toEqual(['a', 'b', 'c']);
  });

  it('are not written again when their call claimed, and are when another one did', async () => {
    const jobId = await running();
    store.recordCall({ jobId, attempt: 1, callId: 'call-1' });
    await store.flush();
    expect(await callsOf(jobId)).toEqual([]);
    store.recordCall({ jobId, attempt: 1, callId: 'call-2' });
    await store.flush();
    expect(await callsOf(jobId)).toEqual(['call-2']);
  });
});

describe('the inbox', () => {
  const event = (jobId: string, claimEpoch = 1) => ({
    type: 'failed' as const,
    jobId,
    attempt: 1,
    claimEpoch,
    gpuMs: 1,
    code: 'GPU_LOST' as const,
    retryable: true,
  });

  it('stores an event once however often it is sent', async () => {
    const jobId = await running();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => store.storeEvent({ webhookId: 'msg_1', event: event(jobId) })),
    );
    expect(new Set(answers.map((answer) => answer.outcome))).toContain('stored');
    expect(await db.prisma.gpuEvent.count({ where: { jobId } })).toBe(1);
    expect((await store.storeEvent({ webhookId: 'msg_1', event: event(jobId) })).outcome).toBe('duplicate');
  });

  it('refuses events of an older epoch, an unknown job and a finished one', async () => {
    const jobId = await running();
    await store.claim({ jobId, attempt: 1, callId: 'call-1' });
    expect((await store.storeEvent({ webhookId: 'msg_2', event: event(jobId, 1) })).outcome).toBe('gone');
    expect((await store.storeEvent({ webhookId: 'msg_2', event: event(newId(), 1) })).outcome).toBe('gone');
    await store.move(moveTo(jobId, 'cancelled'));
    expect((await store.storeEvent({ webhookId: 'msg_2', event: event(jobId, 2) })).outcome).toBe('gone');
  });
});
