import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AcceptRequest, createJobAcceptor, findIdempotencyKey } from './accept-jobs.ts';
import { createJobStore, type JobStore } from './job-store.ts';
import {
  countRows,
  createOwner,
  createPackVersion,
  createTestDb,
  ledgerOf,
  modelState,
  moveTo,
  NO_HOOKS,
  newOrder,
  newTrainingAndPack,
  newTrainingOrder,
  runJob,
  type TestDb,
  type TestOwner,
} from './testing.ts';

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
const running = (changes: Partial<AcceptRequest> = {}): Promise<string> => runJob(store, newOrder(owner, changes));
const findJob = (id: string) => db.prisma.job.findUniqueOrThrow({ where: { id } });
const findUser = (id: string) => db.prisma.user.findUniqueOrThrow({ where: { id } });

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

  it('tells nobody of a batch of which nothing was accepted', async () => {
    const told: number[] = [];
    const accept = createJobAcceptor(db.pool, (jobs) => void told.push(jobs.length));
    await accept(order({ key: 'told' }));
    expect(await accept(order({ key: 'told' }))).toMatchObject({ outcome: 'replayed' });
    expect(told).toEqual([1]);
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
    expect([await ledgerOf(db, paid.jobId), await ledgerOf(db, free.jobId)]).toEqual([{ hold: 3_000 }, {}]);
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
    const request = newTrainingOrder(owner);
    const generation = order({ userId: other.userId, modelId: other.modelId });
    await Promise.all([store.accept(generation), store.accept(request)]);
    expect([await modelState(db, owner.modelId), await modelState(db, other.modelId)]).toEqual(['training', 'ready']);
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

  it('orders a pack along with its training, and logs the start of each training, whatever else is in the batch', async () => {
    const [plain, other] = [await createOwner(db), await createOwner(db)];
    const packVersionId = await createPackVersion(db);
    const { request, packOrderId } = newTrainingAndPack(owner, packVersionId);
    const withoutPack = newTrainingOrder(plain);
    const generation = newOrder(other);
    await Promise.all([request, withoutPack, generation].map((one) => store.accept(one)));
    const userId = { in: [owner.userId, plain.userId, other.userId] };
    expect(await db.prisma.packOrder.findMany({ where: { userId } })).toMatchObject([
      {
        id: packOrderId,
        userId: owner.userId,
        modelId: owner.modelId,
        trainingId: request.orderId,
        packVersionId,
        n: 2,
        state: 'waiting',
      },
    ]);
    const started = await db.prisma.auditEntry.findMany({ where: { action: 'training.started' } });
    const logged = started.map(({ detail }) => (detail as { jobId: string }).jobId);
    const ofBatch = [request, withoutPack, generation].map(({ jobId }) => logged.filter((id) => id === jobId).length);
    expect(ofBatch).toEqual([1, 1, 0]);
  });

  it.each([1, 3])(
    'gives a person %i places, however many orders come together, and another person theirs',
    async (places) => {
      const accept = createJobAcceptor(db.pool, () => undefined, places);
      const outcomesOf = async (requests: AcceptRequest[]) =>
        (await Promise.all(requests.map((request) => accept(request)))).map(({ outcome }) => outcome);
      const other = await createOwner(db);
      const expected = [...Array(places).fill('accepted'), 'no-place', 'no-place'];
      // One after the other, then all at once.
      const others: string[] = [];
      for (const request of expected.map(() => newOrder(other))) others.push(...(await outcomesOf([request])));
      expect(others).toEqual(expected);
      expect(await outcomesOf(expected.map(() => order()))).toEqual(expected);
      for (const { userId } of [owner, other]) {
        const live = await db.prisma.liveJob.findMany({ where: { userId }, orderBy: { place: 'asc' } });
        expect(live.map(({ place }) => place)).toEqual(Array.from({ length: places }, (_, index) => index + 1));
        expect(await db.prisma.job.count({ where: { userId } })).toBe(places);
      }
    },
  );

  it('gives a place that became free to the next order', async () => {
    const accept = createJobAcceptor(db.pool, () => undefined, 2);
    const [first, second, third] = [order(), order(), order()];
    await accept(first);
    await accept(second);
    await store.move(moveTo(first.jobId, 'cancelled', { cause: 'CANCELLED_BY_USER' }));
    expect((await accept(third)).outcome).toBe('accepted');
    expect((await accept(order())).outcome).toBe('no-place');
    expect((await db.prisma.liveJob.findUniqueOrThrow({ where: { jobId: third.jobId } })).place).toBe(1);
  });

  it('allows one live training per model, and images of that model meanwhile', async () => {
    await store.accept(newTrainingOrder(owner));
    expect((await store.accept(newTrainingOrder(owner))).outcome).toBe('already-live');
    expect((await store.accept(order())).outcome).toBe('accepted');
    expect((await store.accept(order())).outcome).toBe('accepted');
  });

  it('repeats an order with a new job for the order that is there', async () => {
    const first = newTrainingOrder(owner);
    await store.accept(first);
    await store.move(moveTo(first.jobId, 'failed', { cause: 'GPU_LOST' }));
    const stays = await running();
    await store.move(moveTo(stays, 'failed', { cause: 'GPU_LOST' }));
    const retry = newTrainingOrder(owner, { orderId: first.orderId, training: null, retryOf: first.jobId });
    // Together with a new one, so that the statement knows how to write trainings.
    const other = await createOwner(db);
    const fresh = newTrainingOrder(owner, { userId: other.userId, modelId: other.modelId });
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
    const { seen, counting } = countRows(db);
    const accept = createJobAcceptor(counting, () => {});
    const retry = order({ orderId: first.orderId, generation: null, retryOf: first.jobId });
    const requests = [order({ holdMicroUsd: 5 }), order(), retry, newTrainingOrder(owner)];
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
