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
async function job(holdMicroUsd = PRICE): Promise<string> {
  const order = newOrder(owner, { holdMicroUsd });
  await store.accept(order);
  return order.jobId;
}
async function endedJob(costMicroUsd: number, holdMicroUsd = PRICE): Promise<string> {
  const jobId = await job(holdMicroUsd);
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

describe('the ledger', () => {
  it('takes what is held from what is available, and spends it or gives it back', () => {
    const { hold, settle, release } = LEDGER_ACCOUNTS;
    expect(hold.from).toBe('available');
    expect(hold.to).toBe('held');
    expect([settle.from, release.from]).toEqual(['held', 'held']);
    expect([settle.to, release.to]).toEqual(['spent', 'available']);
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
    const jobId = await job();
    await store.move({ jobId, attempt: 1, cause: null, delayMs: 0, costMicroUsd: 0, to: 'dispatching', ids: ids() });
    for (const cost of [PRICE, PRICE / 2, 0]) await endedJob(cost);
    const gone = await endedJob(PRICE / 4);
    await db.prisma.job.delete({ where: { id: gone } });
    await endedJob(0, 0);
    expect(await auditLedger(db.url)).toEqual({ jobs: 6, entries: 1 + 1 + 2 + 3 + 2 + 3, findings: [] });
  });

  type Planted = { jobId: string | null; findings: Finding[] };
  type Finding = [kind: LedgerFinding['kind'], expectedMicroUsd: number, foundMicroUsd: number, ofNoJob?: 'no job'];
  const planted = (jobId: string, ...found: Finding[]): Planted => ({ jobId, findings: found });

  it.each<[string, () => Promise<Planted>]>([
    [
      'a hold that was not entered',
      async () => {
        const jobId = await job();
        await remove(jobId, 'hold');
        return planted(jobId, ['held-differs', PRICE, 0, 'no job'], ['hold-differs', PRICE, 0]);
      },
    ],
    [
      'a rest of which only a part was released',
      async () => {
        const jobId = await endedJob(PRICE / 4);
        const change = { amountMicroUsd: BigInt(PRICE / 8) };
        await db.prisma.ledgerEntry.updateMany({ where: { jobId, entry: 'release' }, data: change });
        const found = PRICE / 4 + PRICE / 8;
        return planted(jobId, ['held-differs', 0, PRICE - found, 'no job'], ['not-closed', PRICE, found]);
      },
    ],
    [
      'a job that ended and of which nothing was entered',
      async () => {
        const jobId = await endedJob(PRICE / 4);
        await db.prisma.ledgerEntry.deleteMany({ where: { jobId } });
        return planted(
          jobId,
          ['cost-differs', PRICE / 4, 0],
          ['hold-differs', PRICE, 0],
          ['spent-differs', PRICE / 4, 0, 'no job'],
        );
      },
    ],
    [
      'a job that ended and of which nothing was entered but its hold',
      async () => {
        const jobId = await endedJob(0);
        await remove(jobId, 'release');
        return planted(jobId, ['held-differs', 0, PRICE, 'no job'], ['not-closed', PRICE, 0]);
      },
    ],
    [
      'money of a living job that was given back, or half spent and half given back',
      async () => {
        const jobId = await job();
        await entry(jobId, 'release', PRICE / 2);
        await entry(jobId, 'settle', PRICE / 2);
        return planted(
          jobId,
          ['closed-too-early', 0, PRICE],
          ['held-differs', PRICE, 0, 'no job'],
          ['spent-differs', 0, PRICE / 2, 'no job'],
        );
      },
    ],
    [
      'a job that cost something and was given everything back, however small it was',
      async () => {
        const jobId = await endedJob(1, 1);
        await db.prisma.ledgerEntry.updateMany({ where: { jobId, entry: 'settle' }, data: { entry: 'release' } });
        return planted(jobId, ['cost-differs', 1, 0], ['spent-differs', 1, 0, 'no job']);
      },
    ],
    [
      'a hold of no job',
      async () => {
        const jobId = newId();
        await entry(jobId, 'hold');
        return planted(jobId, ['entry-without-job', PRICE, 0], ['held-differs', 0, PRICE, 'no job']);
      },
    ],
    [
      'money of no job that was spent and given back',
      async () => {
        const jobId = newId();
        await entry(jobId, 'settle', 3);
        await entry(jobId, 'release', 4);
        return planted(
          jobId,
          ['entry-without-job', 0, 7],
          ['held-differs', 0, -7, 'no job'],
          ['spent-differs', 0, 3, 'no job'],
        );
      },
    ],
    [
      'totals of somebody who has no entries',
      async () => {
        await db.prisma.user.update({ where: { id: owner.userId }, data: { heldMicroUsd: 2n, spentMicroUsd: 3n } });
        return {
          jobId: null,
          findings: [
            ['held-differs', 2, 0],
            ['spent-differs', 3, 0],
          ],
        };
      },
    ],
  ])('names %s, and nothing else', async (_what, plant) => {
    // Whose books are right is in none of it.
    const culprit = owner;
    owner = await createOwner(db, BigInt(100 * PRICE));
    await endedJob(PRICE / 2);
    owner = culprit;
    expect(await findings()).toEqual([]);
    const { jobId, findings: expected } = await plant();
    expect(await findings()).toEqual(
      expected.map(([kind, expectedMicroUsd, foundMicroUsd, ofNoJob]) => ({
        ...{ kind, expectedMicroUsd, foundMicroUsd },
        ...{ userId: owner.userId, jobId: ofNoJob ? null : jobId },
      })),
    );
  });

  it('lists what it finds by kind, person and job', async () => {
    const jobIds = [await job(), await job()].toSorted();
    for (const jobId of jobIds.toReversed()) await entry(jobId, 'release');
    const found = await findings();
    expect(found.map(({ kind, jobId }) => [kind, jobId])).toEqual([
      ...jobIds.map((jobId) => ['closed-too-early', jobId]),
      ['held-differs', null],
    ]);
  });
});
