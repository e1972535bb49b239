/** The inbox: durable GPU events, stored once before they are acknowledged and applied once after. */
import type { DurableGpuEvent, JobKind, JobState } from '@pixgen/domain';
import type pg from 'pg';
import type { PlannedImageRow } from './accept-jobs.ts';
import { createBatcher } from './batch.ts';
import { WITHOUT_WAITING } from './job-moves.ts';
import { AT_WORK, READY_BEFORE } from './states.ts';

export type InboxRow = { webhookId: string; event: DurableGpuEvent };
/** `gone`: the job has ended or the claim is an older one; the sender must stop. */
export type InboxAnswer = { outcome: 'stored'; id: string } | { outcome: 'duplicate' } | { outcome: 'gone' };

const STORE = `
WITH req AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(ord int, "jobId" uuid, "webhookId" text, attempt int, "claimEpoch" int, payload jsonb)
),
current AS (
  SELECT r.* FROM req r
  JOIN "Job" j ON j.id = r."jobId" AND j.attempt = r.attempt AND ${AT_WORK}
  JOIN "JobAttempt" a ON a."jobId" = r."jobId" AND a.attempt = r.attempt AND a."claimEpoch" = r."claimEpoch"
),
stored AS (
  INSERT INTO "GpuEvent" ("jobId", "webhookId", attempt, "claimEpoch", payload)
  SELECT "jobId", "webhookId", attempt, "claimEpoch", payload FROM current ORDER BY ord
  ON CONFLICT ("jobId", "webhookId") DO NOTHING RETURNING id, "jobId", "webhookId"
)
SELECT req.ord, stored.id, current.ord IS NOT NULL AS live
FROM req LEFT JOIN current USING (ord) LEFT JOIN stored ON stored."jobId" = req."jobId" AND stored."webhookId" = req."webhookId"`;

const STORE_WITHOUT_WAITING = STORE.replace('WITH req AS (', `WITH ${WITHOUT_WAITING}, req AS (`).replace(
  'SELECT * FROM jsonb_to_recordset',
  'SELECT r.* FROM lazy, jsonb_to_recordset',
);

/**
 * Stores durable events of current claims; concurrent callers share a commit.
 *
 * `image` events do not wait for the disk. A crash of Postgres (not of a process of ours) may take those of its last
 * half second, and then the event that ends the attempt tells them again or makes them needless:
 * - `succeeded`, and the same value returned to the provider, carries every image of the attempt;
 * - `failed` is stored after its images, waits for the disk, and the log is written in order: where it is, they are. One
 *   that is sent after the crash ends in another attempt, which draws what has no row, or in a final failure, which
 *   settles only images that have one;
 * - a cancelled or expired job takes no result and costs nothing.
 *
 * @param onStored told the ids of a whole committed batch, to enqueue them together
 */
export function createInbox(
  pool: pg.Pool,
  onStored: (ids: string[]) => Promise<void>,
): (row: InboxRow) => Promise<InboxAnswer> {
  const store = (statement: { name: string; text: string }, maxInFlight: number) =>
    createBatcher<InboxRow, InboxAnswer>((rows) => storeBatch(pool, statement, rows, onStored), {
      maxBatch: 200,
      maxInFlight,
    });
  const waiting = store({ name: 'store-events', text: STORE }, 2);
  const withoutWaiting = store({ name: 'store-images', text: STORE_WITHOUT_WAITING }, 3);
  return (row) => (row.event.type === 'image' ? withoutWaiting(row) : waiting(row));
}

async function storeBatch(
  pool: pg.Pool,
  statement: { name: string; text: string },
  rows: InboxRow[],
  onStored: (ids: string[]) => Promise<void>,
): Promise<InboxAnswer[]> {
  const values = rows.map(({ webhookId, event }, ord) => ({
    ord,
    jobId: event.jobId,
    webhookId,
    attempt: event.attempt,
    claimEpoch: event.claimEpoch,
    payload: event,
  }));
  const result = await pool.query<{ ord: number; id: string | null; live: boolean }>({
    ...statement,
    values: [JSON.stringify(values)],
  });
  const answers = new Map(result.rows.map((row) => [row.ord, row]));
  const ids = [...new Set(result.rows.flatMap((row) => (row.id === null ? [] : [row.id])))];
  if (ids.length > 0) await onStored(ids);
  return rows.map((_, ord) => {
    const row = answers.get(ord);
    if (!row?.live) return { outcome: 'gone' };
    return row.id === null ? { outcome: 'duplicate' } : { outcome: 'stored', id: row.id };
  });
}

/** An inbox row with what the apply step must know of its job. */
export type PendingEvent = {
  id: string;
  event: DurableGpuEvent;
  job: {
    id: string;
    userId: string;
    kind: JobKind;
    state: JobState;
    attempt: number;
    claimEpoch: number;
    orderId: string;
    modelId: string;
    holdMicroUsd: number;
    /** Planned images of a generation; empty for a training. */
    planned: PlannedImageRow[];
    /** Images that were applied before: their objects were looked at then. */
    readyImageIds: string[];
    /** Images that earlier jobs of the order drew. */
    readyBefore: number;
    profile: string | null;
  };
};

const PENDING = `
SELECT e.id, e.payload AS event, j.id AS "jobId", j."userId", j.kind, j.state, j.attempt, coalesce(a."claimEpoch", 0) AS "claimEpoch",
  coalesce(j."trainingId", j."generationId") AS "orderId", j."modelId", j."holdMicroUsd", coalesce(g.planned, '[]') AS planned, t.profile,
  CASE WHEN e.payload->>'type' = 'succeeded' THEN ARRAY(SELECT i.id FROM "Image" i WHERE i."generationId" = j."generationId" AND i.state = 'ready')
    ELSE '{}' END AS "readyImageIds", ${READY_BEFORE} AS "readyBefore"
FROM "GpuEvent" e JOIN "Job" j ON j.id = e."jobId" LEFT JOIN "JobAttempt" a ON a."jobId" = j.id AND a.attempt = j.attempt
LEFT JOIN "Generation" g ON g.id = j."generationId" LEFT JOIN "Training" t ON t.id = j."trainingId"
WHERE e.id = ANY ($1::bigint[]) AND e."appliedAt" IS NULL ORDER BY e.id`;

type PendingResult = Omit<PendingEvent['job'], 'id' | 'holdMicroUsd'> & {
  id: string;
  event: DurableGpuEvent;
  jobId: string;
  holdMicroUsd: string;
};

/** The not yet applied ones among these inbox rows, in order of arrival. */
export async function readPendingEvents(pool: pg.Pool, ids: string[]): Promise<PendingEvent[]> {
  const result = await pool.query<PendingResult>({ name: 'pending-events', text: PENDING, values: [ids] });
  return result.rows.map(({ id, event, jobId, holdMicroUsd, ...job }) => ({
    id,
    event,
    job: { ...job, id: jobId, holdMicroUsd: Number(holdMicroUsd) },
  }));
}

/** Marks inbox rows as done without applying them. */
export async function discardEvents(pool: pg.Pool, ids: string[]): Promise<void> {
  await pool.query('UPDATE "GpuEvent" SET "appliedAt" = now() WHERE id = ANY ($1::bigint[]) AND "appliedAt" IS NULL', [
    ids,
  ]);
}

/** Inbox rows that waited longer than this: their queue job was lost, so they are enqueued again. */
export async function findForgottenEvents(pool: pg.Pool, olderThanMs: number): Promise<string[]> {
  const result = await pool.query<{ id: string }>(
    `SELECT id FROM "GpuEvent" WHERE "appliedAt" IS NULL AND "receivedAt" < now() - $1 * interval '1 millisecond' ORDER BY id LIMIT 500`,
    [olderThanMs],
  );
  return result.rows.map((row) => row.id);
}
