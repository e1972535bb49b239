/** A person's copies of everything: asked for, made by a worker, gone a day later. */
import { newId } from '@pixgen/domain';
import type pg from 'pg';
import { appendAudit } from './audit.ts';
import type { Db } from './client.ts';

export type DataExportRow = {
  id: string;
  userId: string;
  state: 'making' | 'ready';
  sizeBytes: bigint | null;
  createdAt: Date;
  expiresAt: Date | null;
};
export type ClaimedExport = { id: string; userId: string; tries: number };

/** @param since a copy that was asked for after this is the answer, instead of another one */
export async function requestDataExport(db: Db, userId: string, since: Date): Promise<DataExportRow> {
  return db.prisma.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM "User" WHERE id = ${userId}::uuid FOR UPDATE`;
    const newest = await tx.dataExport.findFirst({ where: { userId }, orderBy: { id: 'desc' } });
    if (newest && (newest.state === 'making' || newest.createdAt > since)) return newest as DataExportRow;
    await appendAudit(tx, { action: 'export.requested', actorId: userId, subjectId: userId });
    return (await tx.dataExport.create({ data: { id: newId(), userId } })) as DataExportRow;
  });
}

export async function findDataExport(db: Db, userId: string): Promise<DataExportRow | null> {
  return (await db.prisma.dataExport.findFirst({
    where: { userId },
    orderBy: { id: 'desc' },
  })) as DataExportRow | null;
}

/** Ids of a person's copies that are there or wanted; a file of another one is left over. */
export async function findDataExportIds(pool: pg.Pool, userId: string): Promise<Set<string>> {
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM "DataExport" WHERE "userId" = $1', [userId]);
  return new Set(rows.map(({ id }) => id));
}

/** The next one that is to be made, in hand for `forMs`. It waits for erasures: what they are about to remove must not be in it. */
export async function claimDataExport(pool: pg.Pool, forMs: number): Promise<ClaimedExport | null> {
  const { rows } = await pool.query<ClaimedExport>(
    `UPDATE "DataExport" SET "dueAt" = now() + $1 * interval '1 millisecond', tries = tries + 1 WHERE id = (
       SELECT id FROM "DataExport" x WHERE state = 'making' AND "dueAt" <= now() AND NOT EXISTS (
         SELECT 1 FROM "Erasure" e WHERE e."userId" = x."userId" AND e.state = 'erasing')
       ORDER BY "dueAt" LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id, "userId", tries`,
    [forMs],
  );
  return rows[0] ?? null;
}

/** @returns false when nobody wants it any more */
export async function keepDataExport(pool: pg.Pool, id: string, forMs: number): Promise<boolean> {
  const kept = await pool.query(
    `UPDATE "DataExport" SET "dueAt" = now() + $2 * interval '1 millisecond' WHERE id = $1 AND state = 'making'`,
    [id, forMs],
  );
  return kept.rowCount === 1;
}

/** @returns false when the person has gone meanwhile; what was made must go then */
export async function completeDataExport(
  db: Db,
  made: { id: string; userId: string; sizeBytes: number; expiresAt: Date },
): Promise<boolean> {
  const { id, userId, sizeBytes, expiresAt } = made;
  return db.prisma.$transaction(async (tx) => {
    const data = { state: 'ready', sizeBytes: BigInt(sizeBytes), expiresAt };
    const moved = await tx.dataExport.updateMany({ where: { id, state: 'making' }, data });
    // One copy of everything is enough: an older one goes with the next sweep.
    const older = { userId, state: 'ready', id: { not: id }, expiresAt: { gt: new Date() } };
    if (moved.count === 1) await tx.dataExport.updateMany({ where: older, data: { expiresAt: new Date() } });
    if (moved.count === 1) await appendAudit(tx, { action: 'export.made', actorId: null, subjectId: userId });
    return moved.count === 1;
  });
}

/** Ready ones that are past their time, and ones that could not be made. */
export async function findExpiredExports(db: Db, now: Date, abandonedBefore: Date, limit: number) {
  return db.prisma.dataExport.findMany({
    where: { OR: [{ expiresAt: { lt: now } }, { state: 'making', createdAt: { lt: abandonedBefore } }] },
    select: { id: true, userId: true },
    take: limit,
  });
}

export async function removeDataExport(db: Db, id: string): Promise<void> {
  await db.prisma.dataExport.deleteMany({ where: { id } });
}

/** What of each table is a person's own, without what opens doors (hashes of passwords, keys and sessions). */
const OWN_ROWS = {
  account: `SELECT id::text AS key, to_jsonb(t) AS row FROM "User" t WHERE id = $1`,
  apiKeys: `SELECT id::text AS key, to_jsonb(t) - 'secretHash' AS row FROM "ApiKey" t WHERE "userId" = $1`,
  /** Without their ids, which stand in the tokens. */
  sessions: `SELECT id AS key, to_jsonb(t) - 'id' AS row FROM "Session" t WHERE "userId" = $1`,
  invites: `SELECT "codeHash" AS key, to_jsonb(t) - 'codeHash' AS row FROM "Invite" t WHERE "createdBy" = $1 OR "userId" = $1`,
  consents: `SELECT id::text AS key, to_jsonb(t) AS row FROM "Consent" t WHERE "userId" = $1`,
  models: `SELECT id::text AS key, to_jsonb(t) AS row FROM "Model" t WHERE "userId" = $1`,
  photos: `SELECT id::text AS key, to_jsonb(t) AS row FROM "Photo" t WHERE "userId" = $1`,
  trainings: `SELECT id::text AS key, to_jsonb(t) AS row FROM "Training" t WHERE "userId" = $1`,
  samples: `SELECT id::text AS key, to_jsonb(t) AS row FROM "Sample" t WHERE "userId" = $1`,
  weights: `SELECT id::text AS key, to_jsonb(t) AS row FROM "Weights" t WHERE "userId" = $1`,
  generations: `SELECT id::text AS key, to_jsonb(t) AS row FROM "Generation" t WHERE "userId" = $1`,
  images: `SELECT id::text AS key, to_jsonb(t) AS row FROM "Image" t WHERE "userId" = $1`,
  collections: `SELECT id::text AS key, to_jsonb(t) AS row FROM "Collection" t WHERE "userId" = $1`,
  collectionImages: `SELECT t."collectionId"::text || t."imageId"::text AS key, to_jsonb(t) AS row
    FROM "CollectionImage" t JOIN "Collection" c ON c.id = t."collectionId" WHERE c."userId" = $1`,
  operations: `SELECT id::text AS key, to_jsonb(t) AS row FROM "BulkOperation" t WHERE "userId" = $1`,
  packOrders: `SELECT id::text AS key, to_jsonb(t) AS row FROM "PackOrder" t WHERE "userId" = $1`,
  jobs: `SELECT id::text AS key, to_jsonb(t) AS row FROM "Job" t WHERE "userId" = $1`,
  jobAttempts: `SELECT t."jobId"::text || lpad(t.attempt::text, 5, '0') AS key, to_jsonb(t) AS row
    FROM "JobAttempt" t JOIN "Job" j ON j.id = t."jobId" WHERE j."userId" = $1`,
  jobEvents: `SELECT lpad(number::text, 20, '0') AS key, to_jsonb(t) AS row FROM "JobEvent" t WHERE "userId" = $1`,
  strikes: `SELECT id::text AS key, to_jsonb(t) AS row FROM "Strike" t WHERE "userId" = $1`,
  reports: `SELECT id::text AS key, to_jsonb(t) - 'codeHash' AS row FROM "Report" t WHERE "reporterId" = $1`,
  exports: `SELECT id::text AS key, to_jsonb(t) AS row FROM "DataExport" t WHERE "userId" = $1`,
  erasures: `SELECT id::text AS key, to_jsonb(t) - 'codeHash' AS row FROM "Erasure" t WHERE "userId" = $1`,
  ledger: `SELECT id::text AS key, to_jsonb(t) AS row FROM "LedgerEntry" t WHERE "userId" = $1`,
  auditLog: `SELECT lpad(t.id::text, 20, '0') AS key, to_jsonb(t) AS row FROM "AuditEntry" t JOIN "User" u
    ON u.pseudonym = t.actor OR u.pseudonym = t.subject WHERE u.id = $1`,
} as const;
export type OwnTable = keyof typeof OWN_ROWS;
export const OWN_TABLES = Object.keys(OWN_ROWS) as OwnTable[];
/** Tables that lead to a person and are in no copy, each with its reason. */
export const NOT_IN_EXPORT: Readonly<Record<string, string>> = {
  Credential: 'opens the account',
  IdempotencyKey: 'hashes of calls, for a week; what came of them is the job',
  LiveJob: 'says no more than that the job has not ended',
  UnsweptJob: 'says no more than that the job has ended',
  DeadLetter: 'says no more than that the job ended badly',
  GpuEvent: 'what a GPU sent, for a week; what it said stands in jobs, images and weights',
};
/** Names of the tables that a copy holds. */
export const EXPORTED_TABLES: readonly string[] = OWN_TABLES.map(
  (table) => /FROM "(\w+)" t/.exec(OWN_ROWS[table])?.[1] ?? '',
);
const OWN_BATCH = 500;

/** A person's rows of a table, in batches. */
export async function* readOwnRows(pool: pg.Pool, table: OwnTable, userId: string): AsyncGenerator<object[]> {
  let after = '';
  for (;;) {
    const { rows } = await pool.query<{ key: string; row: object }>(
      `SELECT key, row FROM (${OWN_ROWS[table]}) own WHERE key > $2 ORDER BY key LIMIT ${OWN_BATCH}`,
      [userId, after],
    );
    if (rows.length > 0) yield rows.map(({ row }) => row);
    if (rows.length < OWN_BATCH) return;
    after = rows.at(-1)?.key ?? after;
  }
}
