/** How many jobs of one person may live at once, held by the index and not by a count. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type AcceptAnswer, type AcceptRequest, createJobAcceptor } from './accept-jobs.ts';
import { moveJobs } from './job-moves.ts';
import { createOwner, createTestDb, moveTo, newOrder, type TestDb, type TestOwner } from './testing.ts';

const PLACES = 3;
let db: TestDb;
let drop: () => Promise<void>;
let owner: TestOwner;
let accept: (request: AcceptRequest) => Promise<AcceptAnswer>;
beforeAll(async () => {
  ({ db, drop } = await createTestDb());
  accept = createJobAcceptor(db.pool, () => {}, PLACES);
});
afterAll(() => drop());
beforeEach(async () => {
  owner = await createOwner(db);
});

const order = (changes: Partial<AcceptRequest> = {}): AcceptRequest => newOrder(owner, changes);
const live = (userId = owner.userId) => db.prisma.liveJob.count({ where: { job: { userId } } });
const outcomes = (answers: AcceptAnswer[]) => answers.map(({ outcome }) => outcome).toSorted();

it('holds within one batch', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => accept(order())));
  expect(outcomes(answers)).toEqual([...Array(PLACES).fill('accepted'), ...Array(8 - PLACES).fill('no-place')]);
  expect(await live()).toBe(PLACES);
});

it('holds for parallel calls of many processes, and all places are used', async () => {
  const other = await createOwner(db);
  const processes = Array.from({ length: 6 }, () =>
    createJobAcceptor(db.openPool('application_name=another'), () => {}, PLACES),
  );
  const answers = await Promise.all(
    processes.flatMap((one, index) =>
      Array.from({ length: 8 }, (_, n) => one((n + index) % 2 === 0 ? order() : newOrder(other, {}))),
    ),
  );
  expect(outcomes(answers).filter((outcome) => outcome === 'accepted')).toHaveLength(2 * PLACES);
  expect(new Set(outcomes(answers))).toEqual(new Set(['accepted', 'no-place']));
  expect([await live(), await live(other.userId)]).toEqual([PLACES, PLACES]);
});

it('turns nobody away for somebody else’s jobs, and writes nothing of a call that it turns away', async () => {
  await Promise.all(Array.from({ length: PLACES }, () => accept(order())));
  const refused = order();
  const other = await createOwner(db);
  const answers = await Promise.all([accept(refused), accept(newOrder(other, {}))]);
  expect(answers.map(({ outcome }) => outcome)).toEqual(['no-place', 'accepted']);
  const { userId, procedure, key, jobId } = refused;
  expect(await db.prisma.job.findUnique({ where: { id: jobId } })).toBeNull();
  expect(await db.prisma.outbox.findUnique({ where: { id: refused.outboxId } })).toBeNull();
  expect(await db.prisma.idempotencyKey.count({ where: { userId, procedure, key } })).toBe(0);
});

it('gives the place of a job that ends to the next one, and the same key works then', async () => {
  const requests = Array.from({ length: PLACES }, () => order());
  await Promise.all(requests.map((request) => accept(request)));
  const next = order();
  expect(await accept(next)).toEqual({ outcome: 'no-place' });
  await moveJobs(db.pool, [moveTo(requests[1]?.jobId ?? '', 'cancelled')]);
  expect(await accept(next)).toMatchObject({ outcome: 'accepted' });
  expect(await accept(order())).toEqual({ outcome: 'no-place' });
});

it('still answers a repeated call while every place is taken', async () => {
  const requests = Array.from({ length: PLACES }, () => order());
  await Promise.all(requests.map((request) => accept(request)));
  const [first = order()] = requests;
  expect(await accept({ ...order(), key: first.key, bodyHash: first.bodyHash })).toEqual({
    outcome: 'replayed',
    jobId: first.jobId,
  });
});

it('holds money for those alone that have a place', async () => {
  owner = await createOwner(db, 100_000n);
  await Promise.all(Array.from({ length: 5 }, () => accept(order({ holdMicroUsd: 1_000 }))));
  const { heldMicroUsd } = await db.prisma.user.findUniqueOrThrow({ where: { id: owner.userId } });
  expect(heldMicroUsd).toBe(BigInt(PLACES) * 1_000n);
});

it('0 places are no limit, and nothing is written for it', async () => {
  const unlimited = createJobAcceptor(db.pool, () => {});
  const answers = await Promise.all(Array.from({ length: 8 }, () => unlimited(order())));
  expect(new Set(outcomes(answers))).toEqual(new Set(['accepted']));
  expect(await db.prisma.liveJob.count({ where: { place: { not: null }, job: { userId: owner.userId } } })).toBe(0);
});
