/** Erasures: what is asked for, what a worker has in hand, and the rows that go. Every step may be repeated. */
import { createHash } from 'node:crypto';
import { newId } from '@pixgen/domain';
import type pg from 'pg';
import { appendPseudonymousAudit, pseudonymOf } from './audit.ts';
import type { Db } from './client.ts';
import { forgetReportsAbout, forgetReportsBy } from './report-traces.ts';
import { inTransaction } from './transaction.ts';

export type ErasureKind = 'account' | 'model' | 'photo' | 'image';
export type ErasureRow = {
  id: string;
  kind: ErasureKind;
  state: 'erasing' | 'erased' | 'swept';
  requestedBy: 'owner' | 'identity-provider' | 'operator';
  pseudonym: string;
  userId: string | null;
  targetId: string | null;
  /** Of a photo. */
  modelId: string | null;
  /** Of an image. */
  objectKey: string | null;
  jobIds: string[];
  photoIds: string[];
  callIds: string[];
  subject: string | null;
  stepsDone: string[];
  counts: Record<string, number | string>;
  receipt: object | null;
  requestedAt: Date;
  erasedAt: Date | null;
  sweptAt: Date | null;
  tries: number;
};
/** An erasure whose things can still be found. */
export type OpenErasure = ErasureRow & { userId: string; targetId: string };

/** Hidden, and too long ago for any undo; the sweep leaves such rows to their erasure. */
export const ERASED_AT = new Date(0);

export function hashSubject(subject: string): string {
  return createHash('sha256').update(subject).digest('hex');
}

type Requested = { pseudonym: string; subject: string | null; modelId: string | null; objectKey: string | null };
export type ErasureRequest = {
  kind: ErasureKind;
  userId: string;
  targetId: string;
  requestedBy: ErasureRow['requestedBy'];
  codeHash: string;
};

/**
 * From the commit on nothing of it can be seen, used or brought back; a worker does the rest.
 *
 * @param request.targetId the model or photo; for an account the user
 * @returns `absent` for what is not this person's, `under-way` when it is being erased already
 */
export async function requestErasure(
  db: Pick<Db, 'pool'>,
  request: ErasureRequest,
): Promise<{ id: string; requestedAt: Date } | 'absent' | 'under-way'> {
  return inTransaction(db.pool, (client) => requestErasureIn(client, request));
}

/**
 * An administrator ends the account of a member. The role is looked at under the lock that a change of it would wait for.
 *
 * @returns `administrator` when it is one's, of whom nothing is erased
 */
export async function requestErasureOfMember(
  db: Pick<Db, 'pool'>,
  request: { userId: string; actorId: string; codeHash: string },
): Promise<{ id: string; requestedAt: Date } | 'absent' | 'under-way' | 'administrator'> {
  const { userId, actorId, codeHash } = request;
  return inTransaction(db.pool, async (client) => {
    const { rows } = await client.query<{ role: string }>('SELECT role FROM "User" WHERE id = $1 FOR UPDATE', [userId]);
    if (rows[0]?.role === 'admin') return 'administrator';
    const erasure = { kind: 'account', userId, targetId: userId, requestedBy: 'operator', codeHash } as const;
    return requestErasureIn(client, erasure, actorId);
  });
}

/** The same in a transaction of the caller's. @param actorId an administrator whose decision it is, for the audit log */
export async function requestErasureIn(
  client: pg.ClientBase,
  request: ErasureRequest,
  actorId: string | null = null,
): Promise<{ id: string; requestedAt: Date } | 'absent' | 'under-way'> {
  const { kind, userId, targetId, requestedBy, codeHash } = request;
  const found = await close(client, kind, userId, targetId);
  if (typeof found === 'string') return found;
  // A copy of everything holds it too, also one that is being made. Its file goes with the objects, as that of no row.
  await client.query('DELETE FROM "DataExport" WHERE "userId" = $1', [userId]);
  const { rows } = await client.query<{ id: string; requestedAt: Date }>(
    `INSERT INTO "Erasure" (id, kind, "requestedBy", pseudonym, "codeHash", "userId", "targetId", "modelId", "objectKey", subject)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id, "requestedAt"`,
    [
      newId(),
      kind,
      requestedBy,
      found.pseudonym,
      codeHash,
      userId,
      targetId,
      found.modelId,
      found.objectKey,
      found.subject,
    ],
  );
  const [row] = rows;
  if (!row) throw new Error('an erasure was not written');
  await appendPseudonymousAudit(client, {
    action: 'erase.requested',
    actor: requestedBy === 'owner' ? found.pseudonym : await pseudonymOf(client, actorId),
    subject: found.pseudonym,
    detail: { kind, erasureId: row.id, by: requestedBy },
  });
  return row;
}

async function close(
  client: pg.ClientBase,
  kind: ErasureKind,
  userId: string,
  targetId: string,
): Promise<Requested | 'absent' | 'under-way'> {
  if (kind === 'account') return closeAccount(client, userId);
  return kind === 'image' ? takeOut(client, userId, targetId) : hide(client, kind, userId, targetId);
}

/** Nobody is this person any more: no session, key or password works, and name and address are gone. */
async function closeAccount(client: pg.ClientBase, userId: string): Promise<Requested | 'absent' | 'under-way'> {
  const { rows } = await client.query<{ pseudonym: string; subject: string; status: string; email: string | null }>(
    'SELECT pseudonym, subject, status, email FROM "User" WHERE id = $1 FOR UPDATE',
    [userId],
  );
  const [user] = rows;
  if (!user) return 'absent';
  if (user.status === 'erasing') return 'under-way';
  await client.query(`UPDATE "User" SET status = 'erasing', email = NULL, "displayName" = '' WHERE id = $1`, [userId]);
  await client.query(
    `DELETE FROM "Outbox" WHERE payload->>'operationId' IN (SELECT id::text FROM "BulkOperation" WHERE "userId" = $1)`,
    [userId],
  );
  for (const table of ['Credential', 'Session', 'ApiKey', 'BulkOperation', 'Collection'])
    await client.query(`DELETE FROM "${table}" WHERE "userId" = $1`, [userId]);
  await client.query('DELETE FROM "Invite" WHERE "createdBy" = $1 OR "userId" = $1', [userId]);
  await client.query('INSERT INTO "ErasedSubject" ("subjectHash") VALUES ($1) ON CONFLICT DO NOTHING', [
    hashSubject(user.subject),
  ]);
  await forgetReportsBy(client, userId, user.email);
  return { pseudonym: user.pseudonym, subject: user.subject, modelId: null, objectKey: null };
}

/**
 * An image that is taken down: its row stays, so that its generation never draws it again, and says nothing of an object from
 * here on, so that no way of showing it is left.
 */
async function takeOut(client: pg.ClientBase, userId: string, id: string): Promise<Requested | 'absent' | 'under-way'> {
  const { rows } = await client.query<{ pseudonym: string; storageKey: string | null; failureCode: string | null }>(
    `SELECT u.pseudonym, i."storageKey", i."failureCode" FROM "Image" i JOIN "User" u ON u.id = i."userId"
     WHERE i.id = $1 AND i."userId" = $2 FOR UPDATE OF i`,
    [id, userId],
  );
  const [row] = rows;
  if (!row) return 'absent';
  if (row.storageKey === null) return row.failureCode === 'TAKEN_DOWN' ? 'under-way' : 'absent';
  await client.query(
    `UPDATE "Image" SET state = 'failed', "failureCode" = 'TAKEN_DOWN', "storageKey" = NULL, "sizeBytes" = NULL, sha256 = NULL,
       thumbhash = NULL, "deletedAt" = $2 WHERE id = $1`,
    [id, ERASED_AT],
  );
  await client.query('DELETE FROM "CollectionImage" WHERE "imageId" = $1', [id]);
  await forgetOperations(client, userId, id);
  return { pseudonym: row.pseudonym, subject: null, modelId: null, objectKey: row.storageKey };
}

async function hide(
  client: pg.ClientBase,
  kind: 'model' | 'photo',
  userId: string,
  id: string,
): Promise<Requested | 'absent' | 'under-way'> {
  const table = kind === 'model' ? 'Model' : 'Photo';
  const { rows } = await client.query<{ pseudonym: string; deletedAt: Date | null; modelId: string | null }>(
    `SELECT u.pseudonym, t."deletedAt", to_jsonb(t)->>'modelId' AS "modelId" FROM "${table}" t JOIN "User" u ON u.id = t."userId"
     WHERE t.id = $1 AND t."userId" = $2 FOR UPDATE OF t`,
    [id, userId],
  );
  const [row] = rows;
  if (!row) return 'absent';
  if (row.deletedAt?.getTime() === ERASED_AT.getTime()) return 'under-way';
  await client.query(`UPDATE "${table}" SET "deletedAt" = $2 WHERE id = $1`, [id, ERASED_AT]);
  if (kind === 'model') await forgetOperations(client, userId, id);
  return { pseudonym: row.pseudonym, subject: null, modelId: row.modelId, objectKey: null };
}

/**
 * Downloads may hold the image or images of the model, and what was asked for many images may name them: neither goes on.
 *
 * @param id of a model or an image
 */
async function forgetOperations(client: pg.ClientBase, userId: string, id: string): Promise<void> {
  await client.query(
    `WITH i AS (SELECT id, id::text AS text FROM "Image" WHERE "modelId" = $2 OR id = $2)
     DELETE FROM "BulkOperation" o WHERE o."userId" = $1 AND (o.kind = 'download' OR strpos(o.selection::text, $2::text) > 0
       OR EXISTS (SELECT 1 FROM i WHERE o.cursor = i.id OR o.selection->'ids' ? i.text OR o.selection->'except' ? i.text))`,
    [userId, id],
  );
}

/** The erasure that a code opens; null for any other code. */
export async function findErasure(db: Pick<Db, 'pool'>, codeHash: string): Promise<ErasureRow | null> {
  const { rows } = await db.pool.query<ErasureRow>('SELECT * FROM "Erasure" WHERE "codeHash" = $1', [codeHash]);
  return rows[0] ?? null;
}

/** The next one that is due, in hand for `forMs`; its worker keeps it with {@link keepErasure}. */
export async function claimErasure(pool: pg.Pool, forMs: number): Promise<OpenErasure | null> {
  const { rows } = await pool.query<OpenErasure>(
    `UPDATE "Erasure" SET "dueAt" = now() + $1 * interval '1 millisecond', tries = tries + 1 WHERE id = (
       SELECT id FROM "Erasure" WHERE state <> 'swept' AND "dueAt" <= now() ORDER BY "dueAt" LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING *`,
    [forMs],
  );
  return rows[0] ?? null;
}

/** @returns false when nobody needs to work on it any more */
export async function keepErasure(pool: pg.Pool, id: string, forMs: number): Promise<boolean> {
  const kept = await pool.query(
    `UPDATE "Erasure" SET "dueAt" = now() + $2 * interval '1 millisecond' WHERE id = $1 AND state <> 'swept'`,
    [id, forMs],
  );
  return kept.rowCount === 1;
}

/** What a step found out, kept with the step in one statement. */
export type StepResult = Partial<Pick<ErasureRow, 'jobIds' | 'photoIds' | 'callIds' | 'counts'>> & { subject?: null };

/** Marks a step as done; what was counted before keeps its value unless it is counted again. */
export async function finishStep(pool: pg.Pool, erasure: ErasureRow, step: string, found: StepResult): Promise<void> {
  await pool.query(
    `UPDATE "Erasure" SET "stepsDone" = CASE WHEN $2::text = ANY ("stepsDone") THEN "stepsDone" ELSE "stepsDone" || $2::text END, tries = 0,
       "jobIds" = coalesce($3::uuid[], "jobIds"), "photoIds" = coalesce($4::uuid[], "photoIds"),
       "callIds" = coalesce($5::text[], "callIds"), counts = counts || $6::jsonb,
       subject = CASE WHEN $7::boolean THEN NULL ELSE subject END
     WHERE id = $1 AND state = 'erasing'`,
    [
      erasure.id,
      step,
      found.jobIds ?? null,
      found.photoIds ?? null,
      found.callIds ?? null,
      JSON.stringify(found.counts ?? {}),
      found.subject === null,
    ],
  );
}

/** Ends the erasure but for its last sweep, with its receipt and the line in the log that vouches for it. */
export async function completeErasure(
  pool: pg.Pool,
  erasure: ErasureRow,
  done: { erasedAt: Date; sweepAt: Date; receipt: object; receiptSha256: string },
): Promise<void> {
  await inTransaction(pool, async (client) => {
    const moved = await client.query(
      `UPDATE "Erasure" SET state = 'erased', "erasedAt" = $2, "dueAt" = $3, receipt = $4, tries = 0
       WHERE id = $1 AND state = 'erasing'`,
      [erasure.id, done.erasedAt, done.sweepAt, JSON.stringify(done.receipt)],
    );
    if (moved.rowCount !== 1) return;
    const detail = { kind: erasure.kind, erasureId: erasure.id, receiptSha256: done.receiptSha256 };
    await appendPseudonymousAudit(client, { action: 'erase.done', actor: null, subject: erasure.pseudonym, detail });
  });
}

/** After the last sweep the row says what was erased and when, and no longer whose it was. */
export async function markErasureSwept(
  pool: pg.Pool,
  erasure: OpenErasure,
  counts: Record<string, number>,
): Promise<void> {
  await inTransaction(pool, async (client) => {
    // With an account the erasures of its single things are over too.
    const moved = await client.query(
      `UPDATE "Erasure" SET state = 'swept', "sweptAt" = now(), "userId" = NULL, "targetId" = NULL, "modelId" = NULL, "objectKey" = NULL,
         "jobIds" = '{}', "photoIds" = '{}', "callIds" = '{}', subject = NULL, counts = CASE WHEN id = $1 THEN counts || $2::jsonb ELSE counts END
       WHERE state = 'erased' AND (id = $1 OR ($3::uuid IS NOT NULL AND "userId" = $3))`,
      [erasure.id, JSON.stringify(counts), erasure.kind === 'account' ? erasure.userId : null],
    );
    if (moved.rowCount === 0) return;
    const detail = { kind: erasure.kind, erasureId: erasure.id, ...counts };
    await appendPseudonymousAudit(client, { action: 'erase.swept', actor: null, subject: erasure.pseudonym, detail });
  });
}

/** Another try, later. */
export async function postponeErasure(pool: pg.Pool, id: string, afterMs: number): Promise<void> {
  await pool.query(`UPDATE "Erasure" SET "dueAt" = now() + $2 * interval '1 millisecond' WHERE id = $1`, [id, afterMs]);
}

/** `$1` the kind, `$2` the person, `$3` the model or photo: jobs that work on it. */
const JOBS_OF = `
FROM "Job" j LEFT JOIN "Training" t ON t.id = j."trainingId"
WHERE j."userId" = $2::uuid AND CASE $1::text WHEN 'account' THEN true WHEN 'model' THEN j."modelId" = $3::uuid ELSE $3::uuid = ANY (t."photoIds") END`;

const scopeOf = ({ kind, userId, targetId }: OpenErasure): [ErasureKind, string, string] => [kind, userId, targetId];

/** Jobs that must end first. */
export async function findJobsToEnd(
  pool: pg.Pool,
  erasure: OpenErasure,
): Promise<{ jobId: string; attempt: number }[]> {
  const { rows } = await pool.query<{ jobId: string; attempt: number }>(
    `SELECT j.id AS "jobId", j.attempt ${JOBS_OF} AND j.state IN ('queued', 'dispatching', 'running')`,
    scopeOf(erasure),
  );
  return rows;
}

/** Calls that may still be at work: those of jobs that did not end well in the last hour. */
export async function findCallsToCancel(pool: pg.Pool, erasure: OpenErasure): Promise<string[]> {
  const { rows } = await pool.query<{ calls: string[]; claimed: string | null }>(
    `SELECT a."submittedCallIds" AS calls, a."claimedCallId" AS claimed
     FROM "JobAttempt" a WHERE a."jobId" IN (
       SELECT j.id ${JOBS_OF} AND j.state <> 'succeeded' AND coalesce(j."endedAt", now()) > now() - interval '1 hour')`,
    scopeOf(erasure),
  );
  return [...new Set(rows.flatMap(({ calls, claimed }) => [...calls, ...(claimed === null ? [] : [claimed])]))];
}

export type ErasureInventory = { jobIds: string[]; photoIds: string[]; counts: Record<string, number> };

/** What there is of it. A photo takes no jobs along: what was trained from it is not it. */
export async function takeInventory(pool: pg.Pool, erasure: OpenErasure): Promise<ErasureInventory> {
  const { rows } = await pool.query<ErasureInventory>(
    `WITH m AS (SELECT id FROM "Model" WHERE "userId" = $2::uuid AND ($1::text = 'account' OR ($1::text = 'model' AND id = $3::uuid))),
     p AS (SELECT id FROM "Photo" WHERE "userId" = $2::uuid AND ("modelId" IN (SELECT id FROM m) OR ($1::text = 'photo' AND id = $3::uuid))),
     j AS (SELECT id FROM "Job" WHERE "userId" = $2::uuid AND "modelId" IN (SELECT id FROM m))
     SELECT ARRAY(SELECT id FROM j) AS "jobIds", ARRAY(SELECT id FROM p) AS "photoIds", jsonb_build_object(
       'models', (SELECT count(*) FROM m), 'photos', (SELECT count(*) FROM p), 'jobs', (SELECT count(*) FROM j),
       'trainings', (SELECT count(*) FROM "Training" WHERE "modelId" IN (SELECT id FROM m)),
       'weights', (SELECT count(*) FROM "Weights" WHERE "modelId" IN (SELECT id FROM m)),
       'generations', (SELECT count(*) FROM "Generation" WHERE "modelId" IN (SELECT id FROM m)),
       'images', (SELECT count(*) FROM "Image" WHERE "modelId" IN (SELECT id FROM m) OR ($1::text = 'image' AND id = $3::uuid))) AS counts`,
    scopeOf(erasure),
  );
  return rows[0] ?? { jobIds: [], photoIds: [], counts: {} };
}

/**
 * Removes the rows. Money that is on hold must have been released first, so a job that is still alive stops it.
 *
 * @returns false when a job began meanwhile; nothing of it was removed then
 */
export async function removeErasedRows(pool: pg.Pool, erasure: OpenErasure): Promise<boolean> {
  const { kind, userId, targetId, pseudonym } = erasure;
  await forgetReportsAbout(pool, erasure);
  if (kind === 'image') return true;
  if (kind === 'photo') {
    if ((await findJobsToEnd(pool, erasure)).length > 0) return false;
    await inTransaction(pool, async (client) => {
      await client.query('DELETE FROM "Photo" WHERE id = $1 AND "userId" = $2', [targetId, userId]);
      await client.query(`DELETE FROM "Outbox" WHERE payload->>'photoId' = $1`, [targetId]);
    });
    return true;
  }
  const models = await pool.query<{ id: string }>(
    `SELECT id FROM "Model" WHERE "userId" = $2::uuid AND ($1::text = 'account' OR id = $3::uuid) ORDER BY id`,
    scopeOf(erasure),
  );
  // One after the other: a statement for thousands of pictures must not run into its time limit.
  for (const { id } of models.rows) if (!(await removeModelRows(pool, userId, id))) return false;
  if (kind === 'model') return true;
  return inTransaction(pool, async (client) => {
    // Whoever adds something to this person waits for the lock, and finds that they are gone.
    await client.query('SELECT 1 FROM "User" WHERE id = $1 FOR UPDATE', [userId]);
    const left = await client.query('SELECT 1 FROM "Model" WHERE "userId" = $1 LIMIT 1', [userId]);
    if (left.rowCount !== 0) return false;
    await client.query('DELETE FROM "IdempotencyKey" WHERE "userId" = $1', [userId]);
    // One that was on its way when its writer asked for the end.
    await forgetReportsBy(client, userId, null);
    await client.query(`DELETE FROM "CallCount" WHERE key LIKE '%' || $1::text || '%'`, [userId]);
    await client.query('UPDATE "LedgerEntry" SET "userId" = $2 WHERE "userId" = $1', [userId, pseudonym]);
    await client.query('UPDATE "Consent" SET "userId" = $2 WHERE "userId" = $1', [userId, pseudonym]);
    await client.query('DELETE FROM "User" WHERE id = $1', [userId]);
    return true;
  });
}

async function removeModelRows(pool: pg.Pool, userId: string, modelId: string): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await client.query('SELECT 1 FROM "Model" WHERE id = $1 FOR UPDATE', [modelId]);
    const jobs = await client.query<{ id: string; live: boolean }>(
      `SELECT id, state IN ('queued', 'dispatching', 'running') AS live FROM "Job" WHERE "modelId" = $1`,
      [modelId],
    );
    if (jobs.rows.some(({ live }) => live)) return false;
    const jobIds = jobs.rows.map(({ id }) => id);
    await client.query('DELETE FROM "GpuEvent" WHERE "jobId" = ANY ($1::uuid[])', [jobIds]);
    await client.query('DELETE FROM "IdempotencyKey" WHERE "userId" = $1 AND "jobId" = ANY ($2::uuid[])', [
      userId,
      jobIds,
    ]);
    await client.query(
      `DELETE FROM "Outbox" WHERE payload->>'jobId' = ANY ($1::text[])
         OR payload->>'photoId' IN (SELECT id::text FROM "Photo" WHERE "modelId" = $2)
         OR payload->>'packOrderId' IN (SELECT id::text FROM "PackOrder" WHERE "modelId" = $2)`,
      [jobIds, modelId],
    );
    await client.query('DELETE FROM "Model" WHERE id = $1', [modelId]);
    return true;
  });
}

/** Counters that stand in for Redis are kept under the person's id. */
export async function forgetCallCounts(pool: pg.Pool, userId: string): Promise<void> {
  await pool.query(`DELETE FROM "CallCount" WHERE key LIKE '%' || $1::text || '%'`, [userId]);
}
