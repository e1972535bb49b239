/** Gathers what the checker judges, past every proxy. */
import { connectDeps, type Deps, NO_CALL_LIMITS, sweep } from '@pixgen/core';
import { keys } from '@pixgen/storage';
import pg from 'pg';
import type { Observation, Rows } from './checker.ts';
import type { System } from './system.ts';

/** Beyond the longest time that the sweeper leaves an ended job's objects alone. */
const LATER_MS = 2 * 3_600_000;
const MAX_PASSES = 50;
const UNSWEPT = `SELECT 1 FROM "UnsweptJob" u JOIN "Job" j ON j.id = u."jobId" WHERE j."endedAt" IS NOT NULL LIMIT 1`;

/** Runs `work` on a connection of its own. */
export async function query<T extends object>(stores: System['stores'], text: string): Promise<T[]> {
  const client = new pg.Client({
    connectionString: stores.DATABASE_URL,
    connectionTimeoutMillis: 2_000,
    query_timeout: 20_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

export async function readRows(stores: System['stores']): Promise<Rows> {
  const read = <T extends object>(text: string): Promise<T[]> => query<T>(stores, text);
  const at = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  const photos = await read<{ id: string; userId: string; modelId: string; state: string }>(
    'SELECT id, "userId", "modelId", state FROM "Photo"',
  );
  return {
    jobs: await read(`SELECT j.id, j."userId", j.kind, coalesce(j."trainingId", j."generationId") AS "orderId", j.state, j.attempt,
      j."holdMicroUsd"::float8 AS "holdMicroUsd", j."costMicroUsd"::float8 AS "costMicroUsd",
      coalesce(jsonb_array_length(g.planned), 0) AS "plannedImages"
      FROM "Job" j LEFT JOIN "Generation" g ON g.id = j."generationId"`),
    live: (await read<{ jobId: string }>('SELECT "jobId" FROM "LiveJob"')).map(({ jobId }) => jobId),
    attempts: await read('SELECT "jobId", attempt, "claimEpoch" FROM "JobAttempt"'),
    events: await read(
      `SELECT number::float8 AS number, "jobId", type, step, "imageId", ${at('at')} AS at FROM "JobEvent" e ORDER BY e.number`,
    ),
    inbox: await read(
      `SELECT "jobId", attempt, "claimEpoch", ${at('"receivedAt"')} AS "receivedAt", "appliedAt" IS NOT NULL AS applied FROM "GpuEvent"`,
    ),
    ledger: await read(
      'SELECT "userId", "jobId", entry, "amountMicroUsd"::float8 AS "amountMicroUsd" FROM "LedgerEntry"',
    ),
    users: await read(
      'SELECT id, "heldMicroUsd"::float8 AS "heldMicroUsd", "spentMicroUsd"::float8 AS "spentMicroUsd" FROM "User"',
    ),
    keys: await read('SELECT "userId", key, "jobId" FROM "IdempotencyKey"'),
    images: await read('SELECT id, "generationId" AS "orderId", state, "storageKey" FROM "Image"'),
    // A training's file in both its layouts.
    weights: await read(
      `SELECT "trainingId" AS "orderId", "storageKey" FROM "Weights" WHERE final
       UNION ALL SELECT "trainingId", "kohyaStorageKey" FROM "Weights" WHERE final AND "kohyaStorageKey" IS NOT NULL`,
    ),
    samples: await read(
      `SELECT "storageKey" FROM "Sample" UNION ALL SELECT w."storageKey" FROM "Weights" w JOIN "Job" j ON j.id = w."jobId"
       WHERE NOT w.final AND j.state = 'succeeded'`,
    ),
    photos: photos.map(({ id, userId, modelId, state }) => ({ key: keys.photo(userId, modelId, id), state })),
  };
}

/** Lets the product's own sweep do what it would do hours later, then lists the store. */
export async function sweepAndList(stores: System['stores']): Promise<string[]> {
  const { deps, close } = connect(stores);
  try {
    // A pass takes a batch; one that leaves jobs behind for ever shows in the listing.
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      await sweep(deps, Date.now() + LATER_MS);
      if ((await query(stores, UNSWEPT)).length === 0) break;
    }
    const found: string[] = [];
    for await (const { key } of deps.storage.list('')) found.push(key);
    return found;
  } finally {
    await close();
  }
}

function connect(stores: System['stores']): { deps: Deps; close: () => Promise<void> } {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  return connectDeps({
    databaseUrl: stores.DATABASE_URL ?? '',
    dbPoolSize: 4,
    redisUrl: stores.REDIS_URL ?? '',
    storage: {
      endpoint: stores.S3_ENDPOINT ?? '',
      region: stores.S3_REGION ?? '',
      bucket: stores.S3_BUCKET ?? '',
      accessKeyId: stores.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: stores.S3_SECRET_ACCESS_KEY ?? '',
    },
    config: {
      profile: 'nano',
      prices: { trainMicroUsd: 0, imageMicroUsd: 0 },
      defaultBudgetMicroUsd: null,
      gpuApiUrl: 'http://127.0.0.1',
      previousTicketKey: null,
      ticketKey: 'not used by a sweep, which signs nothing',
      triggerWordSeed: null,
      callLimits: NO_CALL_LIMITS,
      trainedPhotosDays: 0,
      storagePerPersonBytes: 0,
      liveJobsPerPerson: 0,
      strikes: { limit: 0, days: 30 },
      auth: { mode: 'local', registration: 'closed', clerkPublishableKey: null },
    },
    log: silent,
  });
}

/** Writes down each job's final state when it is first seen, until told to end: what was final must stay so. */
export function watchEnds(
  stores: System['stores'],
  everyMs = 1_500,
): { observations: Observation[]; end: () => Promise<void> } {
  const observations: Observation[] = [];
  const seen = new Set<string>();
  let over = false;
  const watch = async (): Promise<void> => {
    while (!over) {
      const rows = await query<{ jobId: string; state: string; costMicroUsd: number }>(
        stores,
        `SELECT id AS "jobId", state, "costMicroUsd"::float8 AS "costMicroUsd" FROM "Job" WHERE "endedAt" IS NOT NULL`,
      ).catch(() => []); // it is down right now, by our doing
      for (const row of rows) {
        if (seen.has(row.jobId)) continue;
        seen.add(row.jobId);
        observations.push({ ...row, at: new Date().toISOString() });
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  };
  const watching = watch();
  return {
    observations,
    async end() {
      over = true;
      await watching;
    },
  };
}
