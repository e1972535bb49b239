/** Use cases on real servers: a database of its own per file, the run's Redis and object store. */
import { randomUUID } from 'node:crypto';
import { provisionUser } from '@pixgen/db';
import { createTestDb, PATIENT_MS } from '@pixgen/db/testing';
import { testStorageOptions } from '@pixgen/storage/testing';
import { NO_CALL_LIMITS } from './account/call-limits.ts';
import { connectDeps } from './connect.ts';
import type { Actor, CoreConfig, Deps, Log } from './deps.ts';

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
const CONFIG: CoreConfig = {
  profile: 'nano',
  prices: { trainMicroUsd: 0, imageMicroUsd: 0 },
  defaultBudgetMicroUsd: null,
  gpuApiUrl: 'http://127.0.0.1:4000',
  ticketKey: 'a key for tests, of more than 32 bytes',
  previousTicketKey: null,
  triggerWordSeed: null,
  callLimits: NO_CALL_LIMITS,
  trainedPhotosDays: 30,
  storagePerPersonBytes: 0,
  liveJobsPerPerson: 0,
  strikes: { limit: 3, days: 30 },
  auth: { mode: 'local', registration: 'open', clerkPublishableKey: null },
};

export type TestDeps = { deps: Deps; databaseUrl: string; close: () => Promise<void> };

/** @param config replaces parts of the settings */
export async function createTestDeps(config: Partial<CoreConfig> = {}): Promise<TestDeps> {
  const { db, drop } = await createTestDb(1);
  const redisUrl = process.env.TEST_REDIS_URL;
  if (!redisUrl)
    throw new Error('TEST_REDIS_URL is not set: run the tests through `npm test`, which starts the servers.');
  // Databases 1 to 15 of the shared server: files that run at the same time must not meet in its caches.
  const redis = new URL(redisUrl);
  redis.pathname = `/${1 + (Number(process.env.VITEST_POOL_ID ?? 1) % 15)}`;
  const { deps, close } = connectDeps({
    databaseUrl: db.url,
    dbPoolSize: 10,
    dbWaitMs: PATIENT_MS,
    redisUrl: redis.href,
    storage: testStorageOptions(),
    config: { ...CONFIG, ...config },
    log: SILENT,
  });
  await waitForRedis(deps);
  await deps.live.cache.drop('packs');
  return {
    deps,
    databaseUrl: db.url,
    async close() {
      await close();
      await drop();
    },
  };
}

/** A new active member, as the verifier would give them. */
export async function createActor(deps: Deps, via: Actor['via'] = 'session'): Promise<Actor> {
  const subject = `test_${randomUUID()}`;
  await provisionUser(deps.db, { subject, role: 'member', displayName: 'Test', budgetLimitMicroUsd: null });
  const { id } = await deps.db.prisma.user.findUniqueOrThrow({ where: { subject }, select: { id: true } });
  return { userId: id, role: 'member', status: 'active', via, sessionId: null };
}

/** Commands fail at once until the first connection stands. */
async function waitForRedis(deps: Deps): Promise<void> {
  const deadline = Date.now() + PATIENT_MS;
  while (
    !(await deps.live.ping().then(
      () => true,
      () => false,
    ))
  ) {
    if (Date.now() > deadline) throw new Error('Redis does not answer');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
