import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AcceptRequest, createJobAcceptor } from './accept-jobs.ts';
import { createClaimer } from './claims.ts';
import { moveJobs } from './job-moves.ts';
import { createJobStore, type JobStore } from './job-store.ts';
import {
  cancelWhile,
  createOwner,
  createTestDb,
  ledgerOf,
  moveTo,
  NO_HOOKS,
  newOrder,
  runJob,
  somebodyWaits,
  type TestDb,
  type TestOwner,
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

describe('at the same moment', () => {
  it('a claim waits for a cancellation and is refused then', async () => {
    const request = order();
    await store.accept(request);
    await store.move(moveTo(request.jobId, 'dispatching'));
    const answers: unknown[] = [];
    await cancelWhile(db, request.jobId, async () => {
      answers.push(await store.claim({ jobId: request.jobId, attempt: 1, callId: 'call-1' }));
    });
    expect(answers).toEqual([{ outcome: 'gone' }]);
    expect(await findJob(request.jobId)).toMatchObject({ state: 'cancelled', startedAt: null });
  });

  it('an end waits for a cancellation and changes nothing then', async () => {
    owner = await createOwner(db, 10_000n);
    const jobId = await running({ holdMicroUsd: 1_000 });
    const moved: unknown[] = [];
    await cancelWhile(db, jobId, async () => {
      moved.push(await store.move(moveTo(jobId, 'succeeded', { costMicroUsd: 1_000 })));
    });
    expect(moved).toEqual([null]);
    expect(await findUser(owner.userId)).toMatchObject({ heldMicroUsd: 0n, spentMicroUsd: 0n });
    expect(await ledgerOf(db, jobId)).toEqual({ hold: 1_000, release: 1_000 });
  });

  it('an order waits for another one that takes the rest of the budget', async () => {
    owner = await createOwner(db, 1_000n);
    const client = await db.pool.connect();
    const answers: unknown[] = [];
    try {
      await client.query('BEGIN');
      await client.query('UPDATE "User" SET "heldMicroUsd" = 1000 WHERE id = $1', [owner.userId]);
      const work = store.accept(order({ holdMicroUsd: 1_000 })).then((answer) => answers.push(answer));
      await Promise.race([somebodyWaits(db), work]);
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
