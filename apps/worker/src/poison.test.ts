/** I16: a job that kills its worker ends in at most three starts, releases its hold and takes nobody with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connectDeps, type Deps, NO_CALL_LIMITS } from '@pixgen/core';
import { createOwner, createTestDb, newOrder, type TestDb } from '@pixgen/db/testing';
import { createTestRedis } from '@pixgen/queue/testing';
import { testStorageOptions } from '@pixgen/storage/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const PRICE = 1_000;
let db: TestDb;
let drop: () => Promise<void>;
let deps: Deps;
let close: () => Promise<void>;
let options: Omit<Parameters<typeof connectDeps>[0], 'log'>;
beforeAll(async () => {
  ({ db, drop } = await createTestDb(2));
  const redis = await createTestRedis();
  options = {
    databaseUrl: db.url,
    dbPoolSize: 6,
    redisUrl: redis.url,
    storage: testStorageOptions(),
    config: {
      profile: 'nano',
      prices: { trainMicroUsd: 0, imageMicroUsd: PRICE },
      defaultBudgetMicroUsd: null,
      gpuApiUrl: 'http://127.0.0.1:4000',
      ticketKey: 'a key for tests, of more than 32 bytes',
      previousTicketKey: null,
      triggerWordSeed: null,
      callLimits: NO_CALL_LIMITS,
      trainedPhotosDays: 30,
      storagePerPersonBytes: 0,
      liveJobsPerPerson: 0,
      strikes: { limit: 0, days: 30 },
      auth: { mode: 'local', registration: 'open', clerkPublishableKey: null },
    },
  };
  ({ deps, close } = connectDeps({ ...options, log: SILENT }));
});
afterAll(async () => {
  await close();
  await drop();
});

it('a job that kills its worker ends failed with a cause after three starts, and its neighbours go on', {
  timeout: 180_000,
}, async () => {
  // Queues that seem lost would be filled again from Postgres: the job would be there twice, and each task is counted alone.
  await expect
    .poll(() =>
      deps.live.cache.set('queues-are-whole', 'yes', 600_000).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  const owner = await createOwner(db, BigInt(100 * PRICE));
  const orders = Array.from({ length: 12 }, () => newOrder(owner, { holdMicroUsd: PRICE }));
  const [poison] = orders;
  if (!poison) throw new Error('there are orders');
  await Promise.all(orders.map((order) => deps.jobs.accept(order)));
  const script = fileURLToPath(new URL('./poison-worker.ts', import.meta.url));
  const argument = JSON.stringify({ ...options, poison: poison.jobId });
  let deaths = 0;
  let child: ChildProcess | undefined;
  let isOver = false;
  const supervised = (async () => {
    while (!isOver) {
      child = spawn(process.execPath, [script, argument], { stdio: ['ignore', 'ignore', 'inherit'] });
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      if (signal === 'SIGKILL' && !isOver) deaths += 1;
    }
  })();
  const read = (jobId: string) =>
    db.prisma.job.findUniqueOrThrow({ where: { id: jobId }, include: { attempts: true } });
  await expect.poll(async () => (await read(poison.jobId)).state, { timeout: 150_000, interval: 200 }).toBe('failed');
  for (const { jobId } of orders.slice(1)) {
    await expect
      .poll(async () => (await read(jobId)).attempts.map((attempt) => attempt.submittedCallIds.length), {
        timeout: 30_000,
      })
      .toEqual([expect.any(Number)]);
    expect(await read(jobId)).toMatchObject({ state: 'dispatching', attempt: 1, failureCode: null });
  }
  isOver = true;
  child?.kill('SIGKILL');
  await supervised;
  expect(deaths).toBe(3);
  expect(await read(poison.jobId)).toMatchObject({ failureCode: 'KILLED_WORKER', attempt: 1, costMicroUsd: 0n });
  const user = await db.prisma.user.findUniqueOrThrow({ where: { id: owner.userId } });
  expect([user.heldMicroUsd, user.spentMicroUsd]).toEqual([BigInt(11 * PRICE), 0n]);
});
