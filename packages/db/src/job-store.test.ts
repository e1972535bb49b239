import { newId } from '@pixgen/domain';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AcceptRequest, createJobAcceptor, findIdempotencyKey } from './accept-jobs.ts';
import { createClaimer, createFenceReader } from './claims.ts';
import { type JobMove, moveJobs } from './job-moves.ts';
import { createJobStore, type JobStore } from './job-store.ts';
import { createOwner, createTestDb, NO_HOOKS, newOrder, type TestDb, type TestOwner } from './testing.ts';

let db: TestDb;
let drop: () => Promise<void>;
let store: JobStore;
let owner: TestOwner;
const handedOver: string[] = [];

beforeAll(async () => {
  ({ db, drop } = await createTestDb());
  store = createJobStore(db.pool, {
    ...NO_HOOKS,
    onAccepted: (jobs) => void handedOver.push(...jobs.map(({ jobId }) => jobId)),
  });
});
afterAll(() => drop());
beforeEach(async () => {
  owner = await createOwner(db);
});

const order = (changes: Partial<AcceptRequest> = {}): AcceptRequest => newOrder(owner, changes);

/** An order to train the owner's model. */
function trainingOrder(overrides: Partial<AcceptRequest> = {}): AcceptRequest {
  const training = { profile: 'nano', preset: 'fast', settings: {} as never, photoIds: [newId()] };
  return order({ procedure: 'training.start', kind: 'train', generation: null, training, ...overrides });
}

const findJob = (id: string) => db.prisma.job.findUniqueOrThrow({ where: { id } });
const findUser = (id: string) => db.prisma.user.findUniqueOrThrow({ where: { id } });
const modelState = async (id: string) => (await db.prisma.model.findUniqueOrThrow({ where: { id } })).state;
const ledgerOf = async (jobId: string) => {
  const entries = await db.prisma.ledgerEntry.findMany({ where: { jobId } });
  return Object.fromEntries(entries.map(({ entry, amountMicroUsd }) => [entry, Number(amountMicroUsd)]));
};
const tasksOf = async (jobId: string) => {
  const rows = await db.prisma.outbox.findMany({ where: { payload: { path: ['jobId'], equals: jobId } } });
  return rows.map(({ task, payload }) => `${task} ${(payload as { attempt: number }).attempt}`).toSorted();
};

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
    owner = await createOwner(db);
    expect((await store.accept(order({ key }))).outcome).toBe('accepted');
  });

  it.each([1, 2, 3])('grants exactly what the budget allows to 200 parallel calls (round %i)', async () => {
    owner = await createOwner(db, 10_000n);
    const answers = await Promise.all(Array.from({ length: 200 }, () => store.accept(order({ holdMicroUsd: 1_000 }))));
    expect(answers.filter((answer) => answer.outcome === 'accepted')).toHaveLength(10);
    expect(answers.filter((answer) => answer.outcome === 'over-budget')).toHaveLength(190);
    const user = await db.prisma.user.findUniqueOrThrow({ where: { id: owner.userId } });
    expect(user.heldMicroUsd).toBe(10_000n);
  });

  it('does not charge a replay against the budget', async () => {
    owner = await createOwner(db, 1_000n);
    const key = newId();
    expect((await store.accept(order({ key, holdMicroUsd: 1_000 }))).outcome).toBe('accepted');
    expect((await store.accept(order({ key, holdMicroUsd: 1_000 }))).outcome).toBe('replayed');
  });

  it('lets one bad order of a batch fail alone', async () => {
    const taken = order();
    await store.accept(taken);
    const answers = await Promise.allSettled([
      store.accept(order()),
      store.accept(order({ jobId: taken.jobId })),
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

  it('gives an order its deadline from acceptance on, and the accepting process a second to hand it over', async () => {
    const request = order({ deadlineMs: 90_000 });
    await store.accept(request);
    const { createdAt, deadlineAt } = await findJob(request.jobId);
    const { dueAt } = await db.prisma.outbox.findUniqueOrThrow({ where: { id: request.outboxId } });
    expect(deadlineAt.getTime() - createdAt.getTime()).toBe(90_000);
    expect(dueAt.getTime() - createdAt.getTime()).toBe(1_000);
    expect(handedOver).toContain(request.jobId);
  });

  it('hands over only what it accepted', async () => {
    const [first, again] = [order({ key: 'twice' }), order({ key: 'twice' })];
    await Promise.all([store.accept(first), store.accept(again)]);
    expect(handedOver).toContain(first.jobId);
    expect(handedOver).not.toContain(again.jobId);
  });

  it('keeps the keys of two procedures apart, and finds the job of each', async () => {
    const key = newId();
    const [first, second] = [order({ key }), order({ key, procedure: 'packs.run' })];
    for (const request of [first, second]) expect((await store.accept(request)).outcome).toBe('accepted');
    for (const request of [first, second]) {
      const { procedure, jobId } = request;
      expect(await store.accept(order({ key, procedure }))).toEqual({ outcome: 'replayed', jobId });
      const found = await findIdempotencyKey(db, { userId: owner.userId, procedure, key });
      expect(found).toEqual({ jobId, bodyHash: 'same' });
    }
    expect(await findIdempotencyKey(db, { userId: owner.userId, procedure: 'models.create', key })).toBeNull();
  });

  it('answers each of a batch of repetitions and new calls for itself', async () => {
    const first = order();
    const other = order();
    await store.accept(first);
    await store.accept(other);
    const fresh = order({ holdMicroUsd: 5 });
    const answers = await Promise.all([
      store.accept(order({ key: other.key })),
      store.accept(fresh),
      store.accept(order({ key: first.key, holdMicroUsd: 5 })),
    ]);
    expect(answers).toMatchObject([
      { outcome: 'replayed', jobId: other.jobId },
      { outcome: 'accepted', jobId: fresh.jobId },
      { outcome: 'replayed', jobId: first.jobId },
    ]);
  });

  it('holds what each order of a batch may cost on its own person’s account, and nothing for a free one', async () => {
    const rich = await createOwner(db);
    owner = await createOwner(db, 10_000n);
    const [paid, free] = [order({ holdMicroUsd: 3_000 }), order()];
    const others = order({ userId: rich.userId, modelId: rich.modelId, holdMicroUsd: 50_000 });
    await Promise.all([paid, free, others].map((request) => store.accept(request)));
    expect([(await findUser(owner.userId)).heldMicroUsd, (await findUser(rich.userId)).heldMicroUsd]).toEqual([
      3_000n,
      50_000n,
    ]);
    expect([await ledgerOf(paid.jobId), await ledgerOf(free.jobId)]).toEqual([{ hold: 3_000 }, {}]);
  });

  it('counts what was spent and what is held against the budget, to the last unit', async () => {
    owner = await createOwner(db, 10_000n);
    const jobId = await running({ holdMicroUsd: 4_000 });
    await store.move(moveTo(jobId, 'succeeded', { costMicroUsd: 4_000 }));
    expect((await store.accept(order({ holdMicroUsd: 3_000 }))).outcome).toBe('accepted');
    expect((await store.accept(order({ holdMicroUsd: 3_001 }))).outcome).toBe('over-budget');
    expect((await store.accept(order({ holdMicroUsd: 3_000 }))).outcome).toBe('accepted');
    expect((await store.accept(order({ holdMicroUsd: 1 }))).outcome).toBe('over-budget');
    expect((await store.accept(order())).outcome).toBe('accepted');
  });

  it('grants a budget to the first of a batch, and a free order also when there is none left', async () => {
    owner = await createOwner(db, 1n);
    const [other, idle] = [await createOwner(db), await createOwner(db, 0n)];
    const answers = await Promise.all([
      store.accept(order({ holdMicroUsd: 1 })),
      store.accept(order({ holdMicroUsd: 1 })),
      store.accept(order()),
      store.accept(order({ userId: other.userId, modelId: other.modelId, holdMicroUsd: 9 })),
      store.accept(order({ userId: idle.userId, modelId: idle.modelId })),
    ]);
    const outcomes = answers.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['accepted', 'over-budget', 'accepted', 'accepted', 'accepted']);
  });

  it('numbers the jobs of a batch in the order in which they came', async () => {
    const requests = Array.from({ length: 20 }, () => order()).toReversed();
    const answers = await Promise.all(requests.map((request) => store.accept(request)));
    const numbers = answers.map((answer) => ('eventNumber' in answer ? Number(answer.eventNumber) : 0));
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
  });

  it('marks a model as in training, and that model alone, whatever else is in the batch', async () => {
    const other = await createOwner(db);
    const request = trainingOrder();
    const generation = order({ userId: other.userId, modelId: other.modelId });
    await Promise.all([store.accept(generation), store.accept(request)]);
    expect([await modelState(owner.modelId), await modelState(other.modelId)]).toEqual(['training', 'ready']);
    const model = await db.prisma.model.findUniqueOrThrow({ where: { id: owner.modelId } });
    const job = await findJob(request.jobId);
    expect(model.updatedAt).toEqual(job.createdAt);
    expect(job).toMatchObject({ kind: 'train', trainingId: request.orderId, generationId: null });
    const training = await db.prisma.training.findUniqueOrThrow({ where: { id: request.orderId } });
    expect(training).toMatchObject({ profile: 'nano', photoIds: request.training?.photoIds });
    expect(await db.prisma.liveJob.findUniqueOrThrow({ where: { jobId: request.jobId } })).toMatchObject({
      modelId: owner.modelId,
      generationId: null,
    });
    expect(await db.prisma.liveJob.findUniqueOrThrow({ where: { jobId: generation.jobId } })).toMatchObject({
      modelId: null,
      generationId: generation.orderId,
    });
  });

  it('allows one live training per model, and images of that model meanwhile', async () => {
    await store.accept(trainingOrder());
    expect((await store.accept(trainingOrder())).outcome).toBe('already-live');
    expect((await store.accept(order())).outcome).toBe('accepted');
    expect((await store.accept(order())).outcome).toBe('accepted');
  });

  it('repeats an order with a new job for the order that is there', async () => {
    const first = trainingOrder();
    await store.accept(first);
    await store.move(moveTo(first.jobId, 'failed', { cause: 'GPU_LOST' }));
    const stays = await running();
    await store.move(moveTo(stays, 'failed', { cause: 'GPU_LOST' }));
    const retry = trainingOrder({ orderId: first.orderId, training: null, retryOf: first.jobId });
    // Together with a new one, so that the statement knows how to write trainings.
    const other = await createOwner(db);
    const fresh = trainingOrder({ userId: other.userId, modelId: other.modelId });
    const answers = await Promise.all([store.accept(retry), store.accept(fresh)]);
    expect(answers.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    expect(await findJob(retry.jobId)).toMatchObject({ trainingId: first.orderId, retryOf: first.jobId, attempt: 1 });
    const dead = { where: { jobId: { in: [first.jobId, stays] } }, select: { jobId: true } };
    expect(await db.prisma.deadLetter.findMany(dead)).toEqual([{ jobId: stays }]);
  });

  it('takes a job off the dead letters when it is tried again', async () => {
    const first = order();
    await store.accept(first);
    await store.move(moveTo(first.jobId, 'failed', { cause: 'GPU_LOST' }));
    await store.accept(order({ orderId: first.orderId, generation: null, retryOf: first.jobId }));
    expect(await db.prisma.deadLetter.count({ where: { jobId: first.jobId } })).toBe(0);
  });

  it('takes orders of every kind that came together in one statement', async () => {
    const first = order();
    await store.accept(first);
    await store.move(moveTo(first.jobId, 'failed', { cause: 'GPU_LOST' }));
    const { seen, counting } = countRows();
    const accept = createJobAcceptor(counting, () => {});
    const retry = order({ orderId: first.orderId, generation: null, retryOf: first.jobId });
    const requests = [order({ holdMicroUsd: 5 }), order(), retry, trainingOrder()];
    const answers = await Promise.all(requests.map((request) => accept(request)));
    expect(answers.map(({ outcome }) => outcome)).toEqual(requests.map(() => 'accepted'));
    expect(seen).toEqual([requests.length]);
  });

  it('says what was wrong with an order that cannot be written, and never that its order is live', async () => {
    expect(await store.accept(order({ modelId: newId() }))).toEqual({ outcome: 'gone' });
    const taken = order();
    await store.accept(taken);
    // The job's id is there already: unique as well, but of another kind.
    await expect(store.accept(order({ jobId: taken.jobId }))).rejects.toMatchObject({ constraint: 'LiveJob_pkey' });
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
    owner = await createOwner(db, 10_000n);
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
    owner = await createOwner(db, 10_000n);
    const jobId = await running({ holdMicroUsd: 4_000 });
    await store.move(moveTo(jobId, 'cancelled', { cause: 'CANCELLED_BY_USER' }));
    const user = await db.prisma.user.findUniqueOrThrow({ where: { id: owner.userId } });
    expect([user.heldMicroUsd, user.spentMicroUsd]).toEqual([0n, 0n]);
    const rows = await db.prisma.outbox.findMany({ where: { task: 'cancel-calls' } });
    expect(rows.map((row) => row.payload)).toContainEqual({ jobId, attempt: 1 });
  });

  it('writes the history of a job: each state, the end of an attempt, and why', async () => {
    const jobId = await running();
    const ended = await store.move(moveTo(jobId, 'queued', { cause: 'GPU_LOST' }));
    expect(ended).toMatchObject({ jobId, kind: 'generate', userId: owner.userId, type: 'attempt-ended', attempt: 1 });
    await store.move(moveTo(jobId, 'expired', { attempt: 2, cause: 'DEADLINE' }));
    const lines = await db.prisma.jobEvent.findMany({ where: { jobId }, orderBy: { number: 'asc' } });
    expect(lines.map(({ type, attempt, code }) => [type, attempt, code])).toEqual([
      ['queued', 1, null],
      ['dispatching', 1, null],
      ['running', 1, null],
      ['attempt-ended', 1, 'GPU_LOST'],
      ['expired', 2, 'DEADLINE'],
    ]);
  });

  it('counts every change of a job by one, so that whoever read it before notices', async () => {
    const jobId = await running();
    const { version, stateSince, updatedAt } = await findJob(jobId);
    const other = await running();
    await store.move(moveTo(jobId, 'queued'));
    const after = await findJob(jobId);
    expect(after.version).toBe(version + 1);
    expect(after.stateSince.getTime()).toBeGreaterThan(stateSince.getTime());
    expect(after.updatedAt.getTime()).toBeGreaterThan(updatedAt.getTime());
    expect((await findJob(other)).version).toBe(version);
  });

  it('notes when a job first ran and when it ended, and why, and nothing of it before', async () => {
    const request = order();
    await store.accept(request);
    const { jobId } = request;
    await store.move(moveTo(jobId, 'dispatching', { cause: 'no end', costMicroUsd: 0 }));
    expect(await findJob(jobId)).toMatchObject({ startedAt: null, endedAt: null, failureCode: null, costMicroUsd: 0n });
    await store.move(moveTo(jobId, 'running'));
    const { startedAt, stateSince } = await findJob(jobId);
    expect(startedAt).toEqual(stateSince);
    await store.move(moveTo(jobId, 'queued', { cause: 'GPU_LOST' }));
    await store.move(moveTo(jobId, 'dispatching', { attempt: 2 }));
    await store.move(moveTo(jobId, 'running', { attempt: 2 }));
    await store.move(moveTo(jobId, 'failed', { attempt: 2, cause: 'GPU_OUT_OF_MEMORY' }));
    const ended = await findJob(jobId);
    expect(ended).toMatchObject({ startedAt, failureCode: 'GPU_OUT_OF_MEMORY', attempt: 2, costMicroUsd: 0n });
    expect(ended.endedAt).toEqual(ended.stateSince);
  });

  it('begins an attempt when it is dispatched and ends that one alone', async () => {
    const other = await running();
    const jobId = await running();
    await store.move(moveTo(jobId, 'queued', { cause: 'GPU_LOST' }));
    await store.move(moveTo(jobId, 'dispatching', { attempt: 2 }));
    const attempts = (id: string) =>
      db.prisma.jobAttempt.findMany({ where: { jobId: id }, orderBy: { attempt: 'asc' } });
    const [first, second] = await attempts(jobId);
    expect(first).toMatchObject({ attempt: 1, cause: 'GPU_LOST', endedAt: expect.any(Date) });
    expect(second).toMatchObject({ attempt: 2, cause: null, endedAt: null });
    await store.move(moveTo(jobId, 'succeeded', { attempt: 2 }));
    expect(await attempts(jobId)).toMatchObject([first, { attempt: 2, cause: null, endedAt: expect.any(Date) }]);
    expect(await attempts(other)).toMatchObject([{ attempt: 1, cause: null, endedAt: null }]);
  });

  it('dispatches the next attempt after its pause, and ends the calls of the last one now', async () => {
    const jobId = await running();
    const move = moveTo(jobId, 'queued', { cause: 'GPU_LOST', delayMs: 3_600_000 });
    await store.move(move);
    const { stateSince } = await findJob(jobId);
    const rows = await db.prisma.outbox.findMany({ where: { id: { in: [move.ids.dispatch, move.ids.cancel] } } });
    expect(Object.fromEntries(rows.map((row) => [row.task, row]))).toMatchObject({
      dispatch: { payload: { jobId, attempt: 2 }, dueAt: new Date(stateSince.getTime() + 3_600_000) },
      'cancel-calls': { payload: { jobId, attempt: 1 }, dueAt: stateSince },
    });
  });

  it.each([
    ['cancelled', 'CANCELLED_BY_USER', ['cancel-calls']],
    ['expired', 'DEADLINE', ['cancel-calls', 'dead-letters']],
    ['failed', 'GPU_LOST', ['cancel-calls', 'dead-letters']],
    // Its calls were asked for and are not there.
    ['failed', 'NEVER_STARTED', ['dead-letters']],
    ['succeeded', null, []],
    ['queued', 'GPU_LOST', ['cancel-calls', 'dispatch']],
  ] as const)('brings along what a job that is %s (%s) needs done: %j', async (to, cause, tasks) => {
    const jobId = await running();
    await store.move(moveTo(jobId, to, { cause }));
    const wanted = tasks.map((task) => (task === 'dispatch' ? 'dispatch 2' : `${task} 1`));
    expect(await tasksOf(jobId)).toEqual([...wanted, 'dispatch 1'].toSorted());
    const isDead = tasks.some((task) => task === 'dead-letters');
    expect(await db.prisma.deadLetter.count({ where: { jobId } })).toBe(isDead ? 1 : 0);
    const parked = await db.prisma.outbox.findUnique({ where: { id: jobId } });
    expect(parked?.payload).toEqual(isDead ? { jobId, attempt: 1, cause } : undefined);
  });

  it('parks of a batch only what cannot go on', async () => {
    const [dead, done, cancelled, again] = [await running(), await running(), await running(), await running()];
    await moveJobs(db.pool, [
      moveTo(dead, 'failed', { cause: 'GPU_LOST' }),
      moveTo(done, 'succeeded'),
      moveTo(cancelled, 'cancelled', { cause: 'CANCELLED_BY_USER' }),
      moveTo(again, 'queued', { cause: 'GPU_LOST' }),
    ]);
    const jobId = { in: [dead, done, cancelled, again] };
    expect(await db.prisma.deadLetter.findMany({ where: { jobId }, select: { jobId: true } })).toEqual([
      { jobId: dead },
    ]);
    const tasks = await Promise.all([dead, done, cancelled, again].map(tasksOf));
    expect(tasks).toEqual([
      ['cancel-calls 1', 'dead-letters 1', 'dispatch 1'],
      ['dispatch 1'],
      ['cancel-calls 1', 'dispatch 1'],
      ['cancel-calls 1', 'dispatch 1', 'dispatch 2'],
    ]);
  });

  it('lets go of a job that ended, and leaves its objects to the sweep; of others it does not', async () => {
    const [ended, goesOn] = [await running(), await running()];
    await moveJobs(db.pool, [moveTo(ended, 'failed', { cause: 'GPU_LOST' }), moveTo(goesOn, 'queued')]);
    const named = { where: { jobId: { in: [ended, goesOn] } }, select: { jobId: true } };
    expect(await db.prisma.liveJob.findMany(named)).toEqual([{ jobId: goesOn }]);
    expect(await db.prisma.unsweptJob.findMany(named)).toEqual([{ jobId: ended }]);
  });

  it('settles a batch on each person’s own account, and keeps what goes on held', async () => {
    const first = await createOwner(db, 100_000n);
    owner = first;
    const done = await running({ holdMicroUsd: 4_000 });
    const goesOn = await running({ holdMicroUsd: 500 });
    const second = await createOwner(db, 100_000n);
    owner = second;
    const whole = await running({ holdMicroUsd: 700 });
    const free = await running();
    const idle = await createOwner(db, 100_000n);
    owner = idle;
    await running({ holdMicroUsd: 9 });
    await moveJobs(db.pool, [
      moveTo(done, 'succeeded', { costMicroUsd: 1_000 }),
      moveTo(goesOn, 'queued', { costMicroUsd: 100 }),
      moveTo(whole, 'succeeded', { costMicroUsd: 700 }),
      moveTo(free, 'failed', { cause: 'GPU_LOST' }),
    ]);
    const accounts = await Promise.all([first, second, idle].map(({ userId }) => findUser(userId)));
    expect(accounts.map(({ heldMicroUsd, spentMicroUsd }) => [heldMicroUsd, spentMicroUsd])).toEqual([
      [500n, 1_000n],
      [0n, 700n],
      [9n, 0n],
    ]);
    expect(await ledgerOf(done)).toEqual({ hold: 4_000, settle: 1_000, release: 3_000 });
    expect(await ledgerOf(goesOn)).toEqual({ hold: 500 });
    expect(await ledgerOf(whole)).toEqual({ hold: 700, settle: 700 });
    expect(await ledgerOf(free)).toEqual({});
    expect((await findJob(goesOn)).costMicroUsd).toBe(0n);
  });

  it('keeps money to the last unit: a hold of one is settled or released', async () => {
    owner = await createOwner(db, 2n);
    const [used, unused] = [await running({ holdMicroUsd: 1 }), await running({ holdMicroUsd: 1 })];
    await store.move(moveTo(used, 'succeeded', { costMicroUsd: 1 }));
    await store.move(moveTo(unused, 'failed', { cause: 'GPU_LOST' }));
    expect([await ledgerOf(used), await ledgerOf(unused)]).toEqual([
      { hold: 1, settle: 1 },
      { hold: 1, release: 1 },
    ]);
    expect(await findUser(owner.userId)).toMatchObject({ heldMicroUsd: 0n, spentMicroUsd: 1n });
  });

  it.each([
    ['succeeded', 'none', 'ready'],
    ['failed', 'none', 'failed'],
    ['expired', 'none', 'failed'],
    ['cancelled', 'none', 'draft'],
    ['failed', 'unfinished', 'failed'],
    ['failed', 'finished', 'ready'],
    ['cancelled', 'finished', 'ready'],
    ['queued', 'none', 'training'],
  ] as const)('after a training that %s, a model with %s weights is %s', async (to, weights, state) => {
    const { userId, modelId, weightsId } = owner;
    if (weights === 'none') await db.prisma.weights.delete({ where: { id: weightsId } });
    if (weights === 'unfinished') await db.prisma.weights.update({ where: { id: weightsId }, data: { final: false } });
    // Weights of another model are no weights of this one.
    const other = await createOwner(db);
    const request = trainingOrder({ userId, modelId });
    await store.accept(request);
    await store.move(moveTo(request.jobId, 'dispatching'));
    await store.move(moveTo(request.jobId, to, { cause: to === 'succeeded' ? null : 'x' }));
    expect([await modelState(modelId), await modelState(other.modelId)]).toEqual([state, 'ready']);
    const { updatedAt } = await db.prisma.model.findUniqueOrThrow({ where: { id: modelId } });
    const { endedAt, createdAt } = await findJob(request.jobId);
    expect(updatedAt).toEqual(endedAt ?? createdAt);
  });

  it('leaves a model alone when images of it end', async () => {
    const jobId = await running();
    await db.prisma.model.update({ where: { id: owner.modelId }, data: { state: 'training' } });
    await store.move(moveTo(jobId, 'failed', { cause: 'GPU_LOST' }));
    expect(await modelState(owner.modelId)).toBe('training');
  });

  it('waits for the disk, except with a move that its caller makes again', async () => {
    const waits = async (repeatable?: boolean) => {
      const request = order();
      await store.accept(request);
      const client = await db.pool.connect();
      try {
        await client.query('BEGIN; SET LOCAL synchronous_commit = on');
        const moved = await moveJobs(client, [moveTo(request.jobId, 'dispatching')], repeatable);
        expect(moved).toHaveLength(1);
        return (await client.query<{ synchronous_commit: string }>('SHOW synchronous_commit')).rows[0]
          ?.synchronous_commit;
      } finally {
        await client.query('COMMIT');
        client.release();
      }
    };
    expect([await waits(), await waits(false), await waits(true)]).toEqual(['on', 'on', 'off']);
  });

  it('asks nothing of the database when there is nothing to move', async () => {
    const unreachable = new pg.Pool({ host: '127.0.0.1', port: 1 });
    expect(await moveJobs(unreachable, [])).toEqual([]);
    await unreachable.end();
  });
});

/** The pool, with a note of how many rows each statement gave. */
function countRows(): { seen: number[]; counting: pg.Pool } {
  const seen: number[] = [];
  const query = async (config: pg.QueryConfig): Promise<pg.QueryResult> => {
    const result = await db.pool.query(config);
    seen.push(result.rows.length);
    return result;
  };
  return { seen, counting: Object.create(db.pool, { query: { value: query } }) as pg.Pool };
}

/** Resolves when a statement waits for a lock that somebody else holds. */
async function somebodyWaits(): Promise<void> {
  const text = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await db.pool.query(text)).rowCount === 0);
}

/** Cancels a job in a transaction that commits when the others wait for it. */
async function cancelWhile(jobId: string, others: () => Promise<unknown>): Promise<void> {
  const client = await db.pool.connect();
  try {
    await client.query('BEGIN');
    await moveJobs(client, [moveTo(jobId, 'cancelled', { cause: 'CANCELLED_BY_USER' })]);
    const work = others();
    await Promise.race([somebodyWaits(), work]);
    await client.query('COMMIT');
    await work;
  } finally {
    client.release();
  }
}

describe('at the same moment', () => {
  it('a claim waits for a cancellation and is refused then', async () => {
    const request = order();
    await store.accept(request);
    await store.move(moveTo(request.jobId, 'dispatching'));
    const answers: unknown[] = [];
    await cancelWhile(request.jobId, async () => {
      answers.push(await store.claim({ jobId: request.jobId, attempt: 1, callId: 'call-1' }));
    });
    expect(answers).toEqual([{ outcome: 'gone' }]);
    expect(await findJob(request.jobId)).toMatchObject({ state: 'cancelled', startedAt: null });
  });

  it('an end waits for a cancellation and changes nothing then', async () => {
    owner = await createOwner(db, 10_000n);
    const jobId = await running({ holdMicroUsd: 1_000 });
    const moved: unknown[] = [];
    await cancelWhile(jobId, async () => {
      moved.push(await store.move(moveTo(jobId, 'succeeded', { costMicroUsd: 1_000 })));
    });
    expect(moved).toEqual([null]);
    expect(await findUser(owner.userId)).toMatchObject({ heldMicroUsd: 0n, spentMicroUsd: 0n });
    expect(await ledgerOf(jobId)).toEqual({ hold: 1_000, release: 1_000 });
  });

  it('an order waits for another one that takes the rest of the budget', async () => {
    owner = await createOwner(db, 1_000n);
    const client = await db.pool.connect();
    const answers: unknown[] = [];
    try {
      await client.query('BEGIN');
      await client.query('UPDATE "User" SET "heldMicroUsd" = 1000 WHERE id = $1', [owner.userId]);
      const work = store.accept(order({ holdMicroUsd: 1_000 })).then((answer) => answers.push(answer));
      await Promise.race([somebodyWaits(), work]);
      await client.query('COMMIT');
      await work;
    } finally {
      client.release();
    }
    expect(answers).toEqual([{ outcome: 'over-budget' }]);
  });

  it('an order waits for the call that has its key, and keeps no other order of its batch waiting', async () => {
    const client = await db.pool.connect();
    const busy = order();
    try {
      await client.query('BEGIN');
      const name = [busy.userId, busy.procedure, busy.key].join(' ');
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
      let answered = false;
      const waiting = store.accept(busy).finally(() => {
        answered = true;
      });
      expect(await store.accept(order())).toMatchObject({ outcome: 'accepted' });
      expect(await store.accept(order({ key: busy.key, procedure: 'packs.run' }))).toMatchObject({
        outcome: 'accepted',
      });
      expect(answered).toBe(false);
      await client.query('COMMIT');
      expect(await waiting).toMatchObject({ outcome: 'accepted', jobId: busy.jobId });
    } finally {
      client.release();
    }
  });

  it('nobody waits for another person’s job or account', async () => {
    const [jobId, mine] = [await running(), order({ holdMicroUsd: 5 })];
    const other = await createOwner(db);
    const held = order({ userId: other.userId, modelId: other.modelId, holdMicroUsd: 5 });
    await store.accept(held);
    await store.move(moveTo(held.jobId, 'dispatching'));
    const impatient = db.openPool('lock_timeout=500');
    const client = await db.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM "Job" WHERE id = $1 FOR UPDATE', [held.jobId]);
      await client.query('SELECT 1 FROM "User" WHERE id = $1 FOR NO KEY UPDATE', [other.userId]);
      const claim = createClaimer(impatient);
      expect(await claim({ jobId, attempt: 1, callId: 'call-1' })).toMatchObject({ outcome: 'claimed' });
      expect(await moveJobs(impatient, [moveTo(jobId, 'cancelled')])).toHaveLength(1);
      const accept = createJobAcceptor(impatient, () => {});
      expect(await accept(mine)).toMatchObject({ outcome: 'accepted' });
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
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

describe('a claim', () => {
  const dispatched = async (request: AcceptRequest): Promise<string> => {
    await store.accept(request);
    await store.move(moveTo(request.jobId, 'dispatching'));
    return request.jobId;
  };
  const attemptOf = (jobId: string, attempt: number) =>
    db.prisma.jobAttempt.findUniqueOrThrow({ where: { jobId_attempt: { jobId, attempt } } });

  it('starts the job once, and says so once', async () => {
    const request = order();
    const jobId = await dispatched(request);
    const before = await findJob(jobId);
    const first = await store.claim({ jobId, attempt: 1, callId: 'call-1' });
    const event = { jobId, userId: owner.userId, kind: 'generate', orderId: request.orderId };
    expect(first).toMatchObject({ outcome: 'claimed', claimEpoch: 1, first: true, event });
    const started = await findJob(jobId);
    expect(started).toMatchObject({ state: 'running', version: before.version + 1, attempt: 1 });
    expect(started.startedAt).toEqual(started.stateSince);
    expect(started.updatedAt).toEqual(started.stateSince);
    expect(started.stateSince.getTime()).toBeGreaterThan(before.stateSince.getTime());
    const { claimedAt } = await attemptOf(jobId, 1);
    expect(claimedAt).toEqual(started.startedAt);
    expect(await store.claim({ jobId, attempt: 1, callId: 'call-1' })).toMatchObject({ first: false, event: null });
    const again = await findJob(jobId);
    expect(again).toMatchObject({ state: 'running', version: before.version + 2 });
    expect([again.startedAt, again.stateSince]).toEqual([started.startedAt, started.stateSince]);
    expect(await attemptOf(jobId, 1)).toMatchObject({ claimedAt, claimEpoch: 2, claimedCallId: 'call-1' });
    expect(await db.prisma.jobEvent.count({ where: { jobId, type: 'running' } })).toBe(1);
  });

  it('of a batch is of its own job and attempt, and answered for itself', async () => {
    const [one, two, untouched] = [await dispatched(order()), await running(), await dispatched(order())];
    await store.move(moveTo(two, 'queued', { cause: 'GPU_LOST' }));
    await store.move(moveTo(two, 'dispatching', { attempt: 2 }));
    const [first, old, second, other, unknown] = await Promise.all([
      store.claim({ jobId: one, attempt: 1, callId: 'call-3' }),
      store.claim({ jobId: two, attempt: 1, callId: 'call-1' }),
      store.claim({ jobId: two, attempt: 2, callId: 'call-4' }),
      store.claim({ jobId: two, attempt: 3, callId: 'call-4' }),
      store.claim({ jobId: newId(), attempt: 1, callId: 'call-5' }),
    ]);
    expect(first).toMatchObject({ outcome: 'claimed', claimEpoch: 1, event: { jobId: one }, work: { jobId: one } });
    expect(second).toMatchObject({ outcome: 'claimed', claimEpoch: 1, event: { jobId: two }, work: { jobId: two } });
    expect([old, other, unknown]).toEqual([{ outcome: 'gone' }, { outcome: 'gone' }, { outcome: 'gone' }]);
    expect(await attemptOf(two, 1)).toMatchObject({ claimedCallId: 'call-1', claimEpoch: 1 });
    expect(await attemptOf(untouched, 1)).toMatchObject({ claimedCallId: null, claimEpoch: 0, claimedAt: null });
    expect(await findJob(untouched)).toMatchObject({ state: 'dispatching', startedAt: null });
    const started = await db.prisma.jobEvent.findMany({ where: { jobId: { in: [one, two] }, type: 'running' } });
    expect(started.map(({ jobId, attempt }) => `${jobId} ${attempt}`).toSorted()).toEqual(
      [`${one} 1`, `${two} 1`, `${two} 2`].toSorted(),
    );
  });

  it('leaves an earlier attempt that nobody claimed as it was', async () => {
    const jobId = await dispatched(order());
    await store.move(moveTo(jobId, 'queued', { cause: 'NEVER_STARTED' }));
    await store.move(moveTo(jobId, 'dispatching', { attempt: 2 }));
    expect(await store.claim({ jobId, attempt: 2, callId: 'call-2' })).toMatchObject({ claimEpoch: 1 });
    expect(await attemptOf(jobId, 1)).toMatchObject({ claimedCallId: null, claimEpoch: 0 });
    expect(await attemptOf(jobId, 2)).toMatchObject({ claimedCallId: 'call-2', claimEpoch: 1 });
  });

  it('by another call is refused as taken, also when the first call has used up its three', async () => {
    const jobId = await running();
    const claim = (callId: string) => store.claim({ jobId, attempt: 1, callId });
    expect(await claim('call-2')).toEqual({ outcome: 'taken' });
    await claim('call-1');
    expect(await claim('call-2')).toEqual({ outcome: 'taken' });
    await claim('call-1');
    expect(await claim('call-1')).toEqual({ outcome: 'too-many' });
    expect(await claim('call-2')).toEqual({ outcome: 'taken' });
    expect(await attemptOf(jobId, 1)).toMatchObject({ claimedCallId: 'call-1', claimEpoch: 3 });
  });

  it('of a training names the training, and is refused before the job was dispatched', async () => {
    const request = trainingOrder();
    await store.accept(request);
    const claim = () => store.claim({ jobId: request.jobId, attempt: 1, callId: 'call-1' });
    expect(await claim()).toEqual({ outcome: 'gone' });
    await store.move(moveTo(request.jobId, 'dispatching'));
    expect(await claim()).toMatchObject({
      outcome: 'claimed',
      event: { orderId: request.orderId, kind: 'train' },
      work: { kind: 'train', profile: 'nano' },
    });
  });
});

describe('the fence', () => {
  it('knows the newest attempt of each job, and who claimed it', async () => {
    const [waiting, training] = [order(), trainingOrder()];
    await store.accept(waiting);
    await store.accept(training);
    const again = await running();
    await store.move(moveTo(again, 'queued', { cause: 'GPU_LOST' }));
    await store.move(moveTo(again, 'dispatching', { attempt: 2 }));
    const claimed = await running();
    const fences = await Promise.all(
      [waiting.jobId, training.jobId, again, claimed, newId()].map((jobId) => store.readFence(jobId)),
    );
    const { userId } = owner;
    const unclaimed = { userId, claimEpoch: 0, claimedCallId: null };
    expect(fences).toEqual([
      { ...unclaimed, jobId: waiting.jobId, kind: 'generate', orderId: waiting.orderId, state: 'queued', attempt: 1 },
      { ...unclaimed, jobId: training.jobId, kind: 'train', orderId: training.orderId, state: 'queued', attempt: 1 },
      expect.objectContaining({ ...unclaimed, jobId: again, state: 'dispatching', attempt: 2 }),
      expect.objectContaining({ jobId: claimed, state: 'running', attempt: 1, claimEpoch: 1, claimedCallId: 'call-1' }),
      null,
    ]);
  });

  it('is read for the jobs that were asked for alone, and of these for their newest attempt', async () => {
    await running();
    const { seen, counting } = countRows();
    const jobId = await running();
    await store.move(moveTo(jobId, 'queued', { cause: 'GPU_LOST' }));
    await store.move(moveTo(jobId, 'dispatching', { attempt: 2 }));
    expect(await createFenceReader(counting)(jobId)).toMatchObject({ jobId, attempt: 2 });
    expect(seen).toEqual([1]);
  });
});

describe('call ids', () => {
  const callsOf = async (jobId: string) =>
    (await db.prisma.jobAttempt.findFirstOrThrow({ where: { jobId, attempt: 1 } })).submittedCallIds.toSorted();

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

  it('are kept with the attempt and the job that they were submitted for', async () => {
    const [one, two, three] = [await running(), await running(), await running()];
    await store.move(moveTo(two, 'queued', { cause: 'GPU_LOST' }));
    await store.move(moveTo(two, 'dispatching', { attempt: 2 }));
    store.recordCall({ jobId: one, attempt: 1, callId: 'of-one' });
    store.recordCall({ jobId: two, attempt: 2, callId: 'of-two' });
    store.recordCall({ jobId: newId(), attempt: 1, callId: 'of-none' });
    await store.flush();
    expect([await callsOf(one), await callsOf(two), await callsOf(three)]).toEqual([['of-one'], [], []]);
    const second = { jobId_attempt: { jobId: two, attempt: 2 } };
    expect(await db.prisma.jobAttempt.findUniqueOrThrow({ where: second })).toMatchObject({
      submittedCallIds: ['of-two'],
    });
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
