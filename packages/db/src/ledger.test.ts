import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createJobStore, type JobStore } from './job-store.ts';
import { auditLedger, LEDGER_ACCOUNTS, type LedgerFinding } from './ledger.ts';
import { createOwner, createTestDb, NO_HOOKS, newOrder, type TestDb, type TestOwner } from './testing.ts';

const PRICE = 1_000;
let db: TestDb;
let drop: () => Promise<void>;
let store: JobStore;
let owner: TestOwner;
beforeAll(async () => {
  ({ db, drop } = await createTestDb(4));
  store = createJobStore(db.pool, NO_HOOKS);
});
afterAll(() => drop());
beforeEach(async () => {
  await db.prisma.user.deleteMany();
  await db.prisma.ledgerEntry.deleteMany();
  owner = await createOwner(db, BigInt(100 * PRICE));
});

const ids = () => ({ dispatch: newId(), cancel: newId(), settle: newId(), release: newId() });
async function job(): Promise<string> {
  const order = newOrder(owner, { holdMicroUsd: PRICE });
  await store.accept(order);
  return order.jobId;
}
async function endedJob(costMicroUsd: number): Promise<string> {
  const jobId = await job();
  const move = { jobId, attempt: 1, cause: null, delayMs: 0, costMicroUsd: 0 };
  await store.move({ ...move, to: 'dispatching', ids: ids() });
  await store.move({ ...move, to: 'succeeded', costMicroUsd, ids: ids() });
  return jobId;
}
const entry = (jobId: string, kind: keyof typeof LEDGER_ACCOUNTS, amount = PRICE) =>
  db.prisma.ledgerEntry.create({
    data: { id: newId(), userId: owner.userId, jobId, entry: kind, amountMicroUsd: BigInt(amount) },
  });
const remove = (jobId: string, kind: keyof typeof LEDGER_ACCOUNTS) =>
  db.prisma.ledgerEntry.deleteMany({ where: { jobId, entry: kind } });
const findings = async () => (await auditLedger(db.url)).findings;
const kinds = async () => new Set((await findings()).map(({ kind }) => kind));

describe('the ledger', () => {
  it('takes each amount from one account and gives it to another', () => {
    for (const { from, to } of Object.values(LEDGER_ACCOUNTS)) expect(from).not.toBe(to);
  });

  it('refuses an entry of nothing or less, and a second one of its kind for a job', async () => {
    const jobId = await endedJob(0);
    await expect(entry(newId(), 'hold', 0)).rejects.toThrow();
    await expect(entry(newId(), 'hold', -1)).rejects.toThrow();
    await expect(entry(jobId, 'hold')).rejects.toThrow();
  });
});

describe('the audit', () => {
  it('finds nothing in jobs that wait, cost all, cost a part, cost nothing, or are gone with their model', async () => {
    await job();
    for (const cost of [PRICE, PRICE / 2, 0]) await endedJob(cost);
    const gone = await endedJob(PRICE / 4);
    await db.prisma.job.delete({ where: { id: gone } });
    expect(await auditLedger(db.url)).toEqual({ jobs: 4, entries: 1 + 2 + 3 + 2 + 3, findings: [] });
  });

  it.each<[LedgerFinding['kind'], () => Promise<unknown>]>([
    ['hold-differs', async () => remove(await job(), 'hold')],
    ['not-closed', async () => remove(await endedJob(PRICE / 2), 'release')],
    ['closed-too-early', async () => entry(await job(), 'release')],
    [
      'cost-differs',
      async () => {
        const jobId = await endedJob(PRICE);
        await db.prisma.ledgerEntry.updateMany({ where: { jobId, entry: 'settle' }, data: { entry: 'release' } });
      },
    ],
    ['entry-without-job', async () => entry(newId(), 'hold')],
    [
      'held-differs',
      async () => {
        await job();
        await db.prisma.user.update({ where: { id: owner.userId }, data: { heldMicroUsd: 0n } });
      },
    ],
    [
      'spent-differs',
      async () => {
        await endedJob(PRICE);
        await db.prisma.user.update({ where: { id: owner.userId }, data: { spentMicroUsd: { increment: 1n } } });
      },
    ],
  ])('names %s', async (kind, plant) => {
    expect(await findings()).toEqual([]);
    await plant();
    expect(await kinds()).toContain(kind);
    const [finding] = (await findings()).filter((found) => found.kind === kind);
    expect(finding).toMatchObject({ userId: owner.userId });
    expect(finding?.expectedMicroUsd).not.toBe(finding?.foundMicroUsd);
  });
});
