/** A database of its own for one test file, copied from the migrated template in some 30 ms. */
import { randomBytes } from 'node:crypto';
import { newId } from '@pixgen/domain';
import pg from 'pg';
import type { AcceptRequest } from './accept-jobs.ts';
import { connectDb, type Db } from './client.ts';
import { type JobMove, moveJobs } from './job-moves.ts';
import type { JobStore, JobStoreHooks } from './job-store.ts';

export type TestDb = Db & {
  url: string;
  /** Connections with a setting of their own (`lock_timeout=500`); past PgBouncer, which refuses those. Ended by `drop()`. */
  openPool(setting: string): pg.Pool;
};

/** A busy machine is no outage: what a test asks for at once may have to wait for its turn. */
export const PATIENT_MS = 30_000;

/**
 * Call `drop()` when the file is done. `TEST_DATABASE_URL` names the template; nobody may be connected to it.
 * `TEST_PGBOUNCER_URL`: the copy is reached through it.
 */
export async function createTestDb(poolSize = 10): Promise<{ db: TestDb; drop: () => Promise<void> }> {
  const template = process.env.TEST_DATABASE_URL;
  if (!template)
    throw new Error('TEST_DATABASE_URL is not set: run the tests through `npm test`, which starts the servers.');
  const templateName = new URL(template).pathname.slice(1);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(template, `CREATE DATABASE ${name} TEMPLATE ${pg.escapeIdentifier(templateName)} STRATEGY wal_log`);
  const url = new URL(process.env.TEST_PGBOUNCER_URL ?? template);
  url.pathname = `/${name}`;
  const direct = new URL(template);
  direct.pathname = `/${name}`;
  const db = connectDb({ url: url.href, poolSize, onError: () => {}, waitMs: PATIENT_MS });
  const pools: pg.Pool[] = [];
  const openPool = (setting: string): pg.Pool => {
    const pool = new pg.Pool({ connectionString: direct.href, max: 2, options: `-c ${setting}` });
    // A pool's end does not wait until the server has let go: `drop` may cut off a connection that is about to close.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    pools.push(pool);
    return pool;
  };
  const drop = async () => {
    await Promise.all([db.close(), ...pools.map((pool) => pool.end())]);
    await onServer(template, `DROP DATABASE ${name} WITH (FORCE)`);
  };
  return { db: Object.assign(db, { url: url.href, openPool }), drop };
}

/** For a store whose stored events and accepted jobs nobody waits for. */
export const NO_HOOKS: JobStoreHooks = {
  onAccepted() {},
  onEventsStored() {},
  onCallsRecorded() {},
  onSkipped(error) {
    throw error;
  },
};

export type TestOwner = { userId: string; modelId: string; weightsId: string };

/** A person with a trained model. */
export async function createOwner(db: Db, budgetLimitMicroUsd: bigint | null = null): Promise<TestOwner> {
  const [userId, modelId, trainingId, weightsId] = [newId(), newId(), newId(), newId()];
  await db.prisma.user.create({
    data: { id: userId, subject: `local_${userId}`, displayName: 'Ada', budgetLimitMicroUsd },
  });
  const triggerWord = `sks_${modelId.slice(-6)}`;
  await db.prisma.model.create({
    data: { id: modelId, userId, name: 'Ada', classWord: 'woman', triggerWord, state: 'ready' },
  });
  await db.prisma.training.create({
    data: { id: trainingId, userId, modelId, profile: 'nano', preset: 'fast', settings: {}, photoIds: [] },
  });
  const file = { storageKey: `o/${weightsId}`, sizeBytes: 1, sha256: 'x', profile: 'nano', step: 1, final: true };
  await db.prisma.weights.create({ data: { id: weightsId, userId, modelId, trainingId, ...file } });
  return { userId, modelId, weightsId };
}

/** An order for one image. */
export function newOrder(owner: TestOwner, changes: Partial<AcceptRequest> = {}): AcceptRequest {
  return {
    userId: owner.userId,
    procedure: 'generation.start',
    key: newId(),
    bodyHash: 'same',
    jobId: newId(),
    outboxId: newId(),
    ledgerId: newId(),
    kind: 'generate',
    orderId: newId(),
    modelId: owner.modelId,
    retryOf: null,
    holdMicroUsd: 0,
    deadlineMs: 60_000,
    generation: {
      weightsId: owner.weightsId,
      packVersionId: null,
      prompt: 'rain',
      negativePrompt: '',
      // The largest there is: it needs more than an int.
      seed: 4_294_967_295,
      steps: 6,
      guidance: 5,
      width: 128,
      height: 128,
      loraWeight: 1,
      scheduler: 'euler',
      draft: false,
      format: 'png',
      planned: [{ imageId: newId(), prompt: 'rain', compiledPrompt: 'sks_abc234 woman, rain', seed: 1 }],
    },
    training: null,
    ...changes,
  };
}

/** An order to train the owner's model. */
export function newTrainingOrder(owner: TestOwner, changes: Partial<AcceptRequest> = {}): AcceptRequest {
  const training = { profile: 'nano', preset: 'fast', settings: {} as never, photoIds: [newId()] };
  return newOrder(owner, { procedure: 'training.start', kind: 'train', generation: null, training, ...changes });
}

/** A pack of one prompt. @returns the id of its version */
export async function createPackVersion(db: Db): Promise<string> {
  const [packId, id] = [newId(), newId()];
  const version = { id, version: 1, prompts: ['{subject} in the rain'], negativePrompt: '' };
  await db.prisma.pack.create({
    data: { id: packId, slug: `pack-${packId}`, name: 'Rain', description: 'Rain', versions: { create: version } },
  });
  return id;
}

/** A training with a pack that is to be run behind it. */
export function newTrainingAndPack(owner: TestOwner, packVersionId: string) {
  const request = newTrainingOrder(owner);
  const pack = { id: newId(), packVersionId, n: 2 };
  return { packOrderId: pack.id, request: { ...request, training: request.training && { ...request.training, pack } } };
}

/** A move of a job's first attempt. */
export function moveTo(jobId: string, to: JobMove['to'], rest: Partial<JobMove> = {}): JobMove {
  const ids = { dispatch: newId(), cancel: newId(), settle: newId(), release: newId() };
  return { jobId, attempt: 1, to, cause: null, costMicroUsd: 0, delayMs: 0, ids, ...rest };
}

/** Takes an order as far as its claim by `call-1`. @returns the job's id */
export async function runJob(store: JobStore, order: AcceptRequest): Promise<string> {
  await store.accept(order);
  await store.move(moveTo(order.jobId, 'dispatching'));
  await store.claim({ jobId: order.jobId, attempt: 1, callId: 'call-1' });
  return order.jobId;
}

export async function modelState(db: Db, id: string): Promise<string> {
  return (await db.prisma.model.findUniqueOrThrow({ where: { id } })).state;
}

/** What stands in the ledger for a job, by entry. */
export async function ledgerOf(db: Db, jobId: string): Promise<Record<string, number>> {
  const entries = await db.prisma.ledgerEntry.findMany({ where: { jobId } });
  return Object.fromEntries(entries.map(({ entry, amountMicroUsd }) => [entry, Number(amountMicroUsd)]));
}

/** Queue tasks that wait in the outbox for a job, each with its attempt. */
export async function tasksOf(db: Db, jobId: string): Promise<string[]> {
  const rows = await db.prisma.outbox.findMany({ where: { payload: { path: ['jobId'], equals: jobId } } });
  return rows.map(({ task, payload }) => `${task} ${(payload as { attempt: number }).attempt}`).toSorted();
}

/** The pool, with a note of how many rows each statement gave. */
export function countRows(db: Db): { seen: number[]; counting: pg.Pool } {
  const seen: number[] = [];
  const query = async (config: pg.QueryConfig): Promise<pg.QueryResult> => {
    const result = await db.pool.query(config);
    seen.push(result.rows.length);
    return result;
  };
  return { seen, counting: Object.create(db.pool, { query: { value: query } }) as pg.Pool };
}

/** Resolves when a statement waits for a lock that somebody else holds. */
export async function somebodyWaits(db: Db): Promise<void> {
  const text = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await db.pool.query(text)).rowCount === 0);
}

/** Cancels a job in a transaction that commits when the others wait for it. */
export async function cancelWhile(db: Db, jobId: string, others: () => Promise<unknown>): Promise<void> {
  const client = await db.pool.connect();
  try {
    await client.query('BEGIN');
    await moveJobs(client, [moveTo(jobId, 'cancelled', { cause: 'CANCELLED_BY_USER' })]);
    const work = others();
    await Promise.race([somebodyWaits(db), work]);
    await client.query('COMMIT');
    await work;
  } finally {
    client.release();
  }
}

async function onServer(template: string, sql: string): Promise<void> {
  const url = new URL(template);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
