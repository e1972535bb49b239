import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AcceptRequest } from './accept-jobs.ts';
import { moveJobs } from './job-moves.ts';
import { createJobStore, type JobStore } from './job-store.ts';
import {
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
  tasksOf,
} from './testing.ts';

let db: TestDb;
let drop: () => Promise<void>;
let store: JobStore;
let owner: TestOwner;

beforeAll(async () => {
  ({ db, drop } = await createTestDb());
  store = createJobStore(db.pool, NO_HOOKS);
});
afterAll(() => drop());
beforeEach(async () => {
  owner = await createOwner(db);
});

const order = (changes: Partial<AcceptRequest> = {}): AcceptRequest => newOrder(owner, changes);
const running = (changes: Partial<AcceptRequest> = {}): Promise<string> => runJob(store, newOrder(owner, changes));
const findJob = (id: string) => db.prisma.job.findUniqueOrThrow({ where: { id } });
const findUser = (id: string) => db.prisma.user.findUniqueOrThrow({ where: { id } });

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
    // Its calls wait in the provider's queue, and nobody wants them any more.
    ['failed', 'NEVER_STARTED', ['cancel-calls', 'dead-letters']],
    ['succeeded', null, []],
    // In part: its GPU went silent, and may still draw.
    ['succeeded', 'WENT_SILENT', ['cancel-calls']],
    ['queued', 'GPU_LOST', ['cancel-calls', 'dispatch']],
  ] as const)('brings along what a job that is %s (%s) needs done: %j', async (to, cause, tasks) => {
    const jobId = await running();
    await store.move(moveTo(jobId, to, { cause }));
    const wanted = tasks.map((task) => (task === 'dispatch' ? 'dispatch 2' : `${task} 1`));
    expect(await tasksOf(db, jobId)).toEqual([...wanted, 'dispatch 1'].toSorted());
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
    const tasks = await Promise.all([dead, done, cancelled, again].map((jobId) => tasksOf(db, jobId)));
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
    expect(await ledgerOf(db, done)).toEqual({ hold: 4_000, settle: 1_000, release: 3_000 });
    expect(await ledgerOf(db, goesOn)).toEqual({ hold: 500 });
    expect(await ledgerOf(db, whole)).toEqual({ hold: 700, settle: 700 });
    expect(await ledgerOf(db, free)).toEqual({});
    expect((await findJob(goesOn)).costMicroUsd).toBe(0n);
  });

  it('settles for many people in the order of their ids, so that no two batches wait for each other', async () => {
    const people: { userId: string; jobId: string }[] = [];
    for (let count = 0; count < 20; count += 1) {
      owner = await createOwner(db, 1_000n);
      people.push({ userId: owner.userId, jobId: await running({ holdMicroUsd: 10 }) });
    }
    const [first, ...rest] = people.map(({ userId }) => userId).toSorted();
    const other = await db.pool.connect();
    try {
      await other.query('BEGIN');
      await other.query('SELECT 1 FROM "User" WHERE id = $1 FOR UPDATE', [first]);
      const settling = moveJobs(
        db.pool,
        people.map(({ jobId }) => moveTo(jobId, 'succeeded', { costMicroUsd: 10 })).toReversed(),
      );
      // It waits for the first, and holds nobody else meanwhile.
      await expect
        .poll(async () => {
          const { rows } = await db.pool.query(
            `SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`,
          );
          return rows.length;
        })
        .toBeGreaterThan(0);
      const free = await db.pool.query('SELECT id FROM "User" WHERE id = ANY ($1::uuid[]) FOR UPDATE SKIP LOCKED', [
        rest,
      ]);
      expect(free.rows).toHaveLength(rest.length);
      await other.query('COMMIT');
      expect(await settling).toHaveLength(people.length);
    } finally {
      await other.query('ROLLBACK');
      other.release();
    }
  });

  it('keeps money to the last unit: a hold of one is settled or released', async () => {
    owner = await createOwner(db, 2n);
    const [used, unused] = [await running({ holdMicroUsd: 1 }), await running({ holdMicroUsd: 1 })];
    await store.move(moveTo(used, 'succeeded', { costMicroUsd: 1 }));
    await store.move(moveTo(unused, 'failed', { cause: 'GPU_LOST' }));
    expect([await ledgerOf(db, used), await ledgerOf(db, unused)]).toEqual([
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
    ['failed', 'lost', 'failed'],
    ['failed', 'finished', 'ready'],
    ['cancelled', 'finished', 'ready'],
    ['queued', 'none', 'training'],
  ] as const)('after a training that %s, a model with %s weights is %s', async (to, weights, state) => {
    const { userId, modelId, weightsId } = owner;
    if (weights === 'none') await db.prisma.weights.delete({ where: { id: weightsId } });
    if (weights === 'unfinished') await db.prisma.weights.update({ where: { id: weightsId }, data: { final: false } });
    if (weights === 'lost') await db.prisma.weights.update({ where: { id: weightsId }, data: { lost: true } });
    // Weights of another model are no weights of this one.
    const other = await createOwner(db);
    const request = newTrainingOrder(owner, { userId, modelId });
    await store.accept(request);
    await store.move(moveTo(request.jobId, 'dispatching'));
    await store.move(moveTo(request.jobId, to, { cause: to === 'succeeded' ? null : 'x' }));
    expect([await modelState(db, modelId), await modelState(db, other.modelId)]).toEqual([state, 'ready']);
    const { updatedAt } = await db.prisma.model.findUniqueOrThrow({ where: { id: modelId } });
    const { endedAt, createdAt } = await findJob(request.jobId);
    expect(updatedAt).toEqual(endedAt ?? createdAt);
  });

  it.each([
    ['succeeded', 'due'],
    ['failed', 'released'],
    ['expired', 'released'],
    ['cancelled', 'released'],
    ['queued', 'waiting'],
  ] as const)('a pack that waits for a training that %s is %s, and no other pack', async (to, state) => {
    const packVersionId = await createPackVersion(db);
    const neighbour = await createOwner(db);
    const other = newTrainingAndPack(neighbour, packVersionId);
    const { request, packOrderId } = newTrainingAndPack(owner, packVersionId);
    await store.accept(other.request);
    await store.accept(request);
    await store.move(moveTo(request.jobId, 'dispatching'));
    await store.move(moveTo(request.jobId, to, { cause: to === 'succeeded' ? null : 'x' }));
    const find = (id: string) => db.prisma.packOrder.findUniqueOrThrow({ where: { id } });
    expect([(await find(packOrderId)).state, (await find(other.packOrderId)).state]).toEqual([state, 'waiting']);
    expect(await modelState(db, neighbour.modelId)).toBe('training');
    const task = await db.prisma.outbox.findUnique({ where: { id: packOrderId } });
    expect(task && { task: task.task, payload: task.payload }).toEqual(
      state === 'due' ? { task: 'start-pack', payload: { packOrderId } } : null,
    );
  });

  it('a pack that was let go before its training ended stays let go', async () => {
    const { request, packOrderId } = newTrainingAndPack(owner, await createPackVersion(db));
    const jobId = await runJob(store, request);
    await db.prisma.packOrder.update({ where: { id: packOrderId }, data: { state: 'released' } });
    await store.move(moveTo(jobId, 'succeeded'));
    expect((await db.prisma.packOrder.findUniqueOrThrow({ where: { id: packOrderId } })).state).toBe('released');
    expect(await db.prisma.outbox.findUnique({ where: { id: packOrderId } })).toBeNull();
  });

  it('a pack waits on when its training is put back beside one that ended', async () => {
    const packVersionId = await createPackVersion(db);
    const neighbour = await createOwner(db);
    const ended = newTrainingAndPack(neighbour, packVersionId);
    const putBack = newTrainingAndPack(owner, packVersionId);
    const endedId = await runJob(store, ended.request);
    const putBackId = await runJob(store, putBack.request);
    await moveJobs(db.pool, [moveTo(endedId, 'failed'), moveTo(putBackId, 'queued', { cause: 'GPU_LOST' })]);
    const find = (id: string) => db.prisma.packOrder.findUniqueOrThrow({ where: { id } });
    expect((await find(ended.packOrderId)).state).toBe('released');
    expect((await find(putBack.packOrderId)).state).toBe('waiting');
  });

  it('begins no attempt of a job that ends before one, in a batch with others that begin theirs', async () => {
    const [begun, ended] = [order(), order()];
    await Promise.all([store.accept(begun), store.accept(ended)]);
    const moves = [
      moveTo(begun.jobId, 'dispatching'),
      moveTo(ended.jobId, 'cancelled', { cause: 'CANCELLED_BY_USER' }),
    ];
    await moveJobs(db.pool, moves);
    const attempts = (jobId: string) => db.prisma.jobAttempt.count({ where: { jobId } });
    expect([await attempts(begun.jobId), await attempts(ended.jobId)]).toEqual([1, 0]);
  });

  it('leaves a model alone when images of it end', async () => {
    const jobId = await running();
    await db.prisma.model.update({ where: { id: owner.modelId }, data: { state: 'training' } });
    await store.move(moveTo(jobId, 'failed', { cause: 'GPU_LOST' }));
    expect(await modelState(db, owner.modelId)).toBe('training');
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
