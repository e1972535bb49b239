/** The inbox: durable GPU events, stored once before they are acknowledged and applied once after. */
import type { DurableGpuEvent } from '@pixgen/domain';
import type pg from 'pg';
import { createBatcher } from './batch.ts';
import { WITHOUT_WAITING } from './job-moves.ts';
import { AT_WORK } from './states.ts';

/** Inbox rows and the jobs they are about. */
export type StoredEvents = { eventIds: string[]; jobIds: string[] };
/**
 * @param ends the attempt of at least one of the jobs
 * @param seen keys of objects that were found as their events announce them
 */
export type OnStored = (events: StoredEvents, ends: boolean, seen: Promise<string[]>) => void;
/** `seen` becomes the key of the event's object when that was found as announced, else null; it never fails. */
export type InboxRow = { webhookId: string; event: DurableGpuEvent; seen?: Promise<string | null> | undefined };
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
 * @param onStored told of a whole committed batch, to enqueue it together
 */
export function createInbox(pool: pg.Pool, onStored: OnStored): (row: InboxRow) => Promise<InboxAnswer> {
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
  onStored: OnStored,
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
  if (ids.length > 0) {
    const jobIds = [...new Set(rows.map(({ event }) => event.jobId))];
    onStored(
      { eventIds: ids, jobIds },
      rows.some(({ event }) => event.type === 'succeeded' || event.type === 'failed'),
      Promise.all(rows.flatMap(({ seen }) => seen ?? [])).then((keys) => keys.filter((key) => key !== null)),
    );
  }
  return rows.map((_, ord) => {
    const row = answers.get(ord);
    if (!row?.live) return { outcome: 'gone' };
    return row.id === null ? { outcome: 'duplicate' } : { outcome: 'stored', id: row.id };
  });
}

/** Marks inbox rows as done without applying them. */
export async function discardEvents(pool: pg.Pool, ids: string[]): Promise<void> {
  await pool.query('UPDATE "GpuEvent" SET "appliedAt" = now() WHERE id = ANY ($1::bigint[]) AND "appliedAt" IS NULL', [
    ids,
  ]);
}

/**
 * Inbox rows of live jobs that waited longer than this: their queue job was lost, so they are enqueued again. Those of
 * ended jobs change nothing any more.
 */
export async function findForgottenEvents(pool: pg.Pool, olderThanMs: number): Promise<StoredEvents> {
  const { rows } = await pool.query<{ id: string; jobId: string }>(
    `SELECT e.id, e."jobId" FROM "LiveJob" l JOIN "GpuEvent" e ON e."jobId" = l."jobId"
     WHERE e."appliedAt" IS NULL AND e."receivedAt" < now() - $1 * interval '1 millisecond' ORDER BY e.id LIMIT 500`,
    [olderThanMs],
  );
  return { eventIds: rows.map((row) => row.id), jobIds: [...new Set(rows.map((row) => row.jobId))] };
}
