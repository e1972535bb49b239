/**
 * I4: held + spent never pass the budget. 200 parallel calls a round with room for one job; `BUDGET_ROUNDS=50` makes it
 * 10,000 calls.
 */
import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDb, type Db } from './client.ts';
import { createJobStore, type JobStore } from './job-store.ts';
import { createOwner, createTestDb, NO_HOOKS, newOrder, type TestDb } from './testing.ts';

const ROUNDS = Number(process.env.BUDGET_ROUNDS ?? 5);
const CALLS = 200;
const PRICE = 1_000;

let db: TestDb;
let drop: () => Promise<void>;
let other: Db;
/** Two processes' worth of batches, with connections of their own. */
let stores: [JobStore, JobStore];
beforeAll(async () => {
  ({ db, drop } = await createTestDb(8));
  other = connectDb({ url: db.url, poolSize: 8, onError: () => {} });
  stores = [createJobStore(db.pool, NO_HOOKS), createJobStore(other.pool, NO_HOOKS)];
});
afterAll(async () => {
  await other.close();
  await drop();
});

describe('a budget with room for one more job', () => {
  it(`grants one of ${CALLS} parallel calls, in each of ${ROUNDS} rounds, and is never passed for a moment`, {
    timeout: 30_000 + ROUNDS * 5_000,
  }, async () => {
    const limit = BigInt(3 * PRICE);
    for (let round = 0; round < ROUNDS; round += 1) {
      const owner = await createOwner(db, limit);
      const known = newOrder(owner, { holdMicroUsd: PRICE });
      for (const order of [known, newOrder(owner, { holdMicroUsd: PRICE })]) await stores[0].accept(order);
      let isOver = false;
      const watch = (async () => {
        while (!isOver) {
          const { heldMicroUsd, spentMicroUsd } = await other.prisma.user.findUniqueOrThrow({
            where: { id: owner.userId },
            select: { heldMicroUsd: true, spentMicroUsd: true },
          });
          expect(heldMicroUsd + spentMicroUsd).toBeLessThanOrEqual(limit);
        }
      })();
      // A shared key, fresh keys and a repetition of an accepted one, spread over both processes.
      const shared = newId();
      const answers = await Promise.all(
        Array.from({ length: CALLS }, (_, n) => {
          const order = newOrder(owner, { holdMicroUsd: PRICE });
          const replay = { ...order, key: known.key };
          const store = stores[n % 2 === 0 ? 0 : 1];
          return store.accept(n % 5 === 0 ? replay : n % 5 === 1 ? { ...order, key: shared } : order);
        }),
      ).finally(() => {
        isOver = true;
      });
      await watch;
      const count = (outcome: string) => answers.filter((answer) => answer.outcome === outcome).length;
      expect(count('accepted')).toBe(1);
      expect(count('accepted') + count('replayed') + count('over-budget')).toBe(CALLS);
      const replays = answers.filter((_, n) => n % 5 === 0);
      expect(replays).toEqual(replays.map(() => ({ outcome: 'replayed', jobId: known.jobId })));
      const jobs = await db.prisma.job.count({ where: { userId: owner.userId } });
      const user = await db.prisma.user.findUniqueOrThrow({ where: { id: owner.userId } });
      expect([jobs, user.heldMicroUsd]).toEqual([3, limit]);
    }
  });
});
