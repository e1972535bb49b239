/** What the reconciler reads: jobs alive for longer than a moment, with all that is known of their calls. */
import type { JobKind, JobState } from '@pixgen/domain';
import type pg from 'pg';
import { NOT_ORDERED, READY_BEFORE } from './states.ts';

export type LiveJob = {
  jobId: string;
  kind: JobKind;
  state: JobState;
  stateSince: Date;
  attempt: number;
  holdMicroUsd: number;
  /** ms in the present state, by the database's clock. */
  inStateMs: number;
  pastDeadline: boolean;
  /** ms since the newest claim's start; null when nobody claimed. */
  claimEpoch: number;
  claimedCallId: string | null;
  submittedCallIds: string[];
  /** Of a generation: images that this job drew so far and was to draw in all. */
  readyImages: number;
  plannedImages: number;
  /** An outbox row still waits to dispatch this job. */
  inOutbox: boolean;
};

const COLUMNS = `
SELECT j.id AS "jobId", j.kind, j.state, j."stateSince", j.attempt, j."holdMicroUsd", extract(epoch FROM now() - j."stateSince")::float8 * 1000 AS "inStateMs",
  j."deadlineAt" < now() AS "pastDeadline", coalesce(a."claimEpoch", 0) AS "claimEpoch", a."claimedCallId",
  coalesce(a."submittedCallIds", '{}') AS "submittedCallIds",
  (SELECT count(*)::int FROM "Image" i WHERE i."generationId" = j."generationId" AND i.state = 'ready') - before.ready AS "readyImages",
  coalesce(jsonb_array_length(g.planned), 0) - before."notOrdered" AS "plannedImages",
  EXISTS (SELECT 1 FROM "Outbox" o WHERE o.task = 'dispatch' AND o.payload->>'jobId' = j.id::text) AS "inOutbox"
FROM "LiveJob" l JOIN "Job" j ON j.id = l."jobId" LEFT JOIN "JobAttempt" a ON a."jobId" = j.id AND a.attempt = j.attempt
LEFT JOIN "Generation" g ON g.id = j."generationId"
CROSS JOIN LATERAL (SELECT ${READY_BEFORE} AS ready, ${NOT_ORDERED} AS "notOrdered") before
WHERE j.state IN ('queued', 'dispatching', 'running')`;

/**
 * Live jobs that entered their state at least `minAgeMs` ago, oldest first.
 *
 * @param after the last one of the page before
 */
export async function findLiveJobs(
  pool: pg.Pool,
  minAgeMs: number,
  limit: number,
  after?: Pick<LiveJob, 'stateSince' | 'jobId'>,
): Promise<LiveJob[]> {
  return readLive(
    pool,
    `${COLUMNS} AND j."stateSince" < now() - $1 * interval '1 millisecond'
     AND ($3::timestamptz IS NULL OR (j."stateSince", j.id) > ($3, $4::uuid)) ORDER BY j."stateSince", j.id LIMIT $2`,
    [minAgeMs, limit, after?.stateSince ?? null, after?.jobId ?? null],
  );
}

/** These jobs, as far as they are alive. */
export async function readLiveJobs(pool: pg.Pool, jobIds: string[]): Promise<LiveJob[]> {
  return readLive(pool, `${COLUMNS} AND j.id = ANY ($1::uuid[])`, [jobIds]);
}

async function readLive(pool: pg.Pool, text: string, values: unknown[]): Promise<LiveJob[]> {
  const result = await pool.query<Omit<LiveJob, 'holdMicroUsd'> & { holdMicroUsd: string }>(text, values);
  return result.rows.map((row) => ({ ...row, holdMicroUsd: Number(row.holdMicroUsd) }));
}

/** Every call that an attempt is known to have: submitted ones and the one that claimed. */
export async function readCalls(pool: pg.Pool, jobId: string, attempt: number): Promise<string[]> {
  const result = await pool.query<{ submittedCallIds: string[]; claimedCallId: string | null }>(
    'SELECT "submittedCallIds", "claimedCallId" FROM "JobAttempt" WHERE "jobId" = $1 AND attempt = $2',
    [jobId, attempt],
  );
  const row = result.rows[0];
  return row ? [...new Set([...row.submittedCallIds, ...(row.claimedCallId ? [row.claimedCallId] : [])])] : [];
}

/** Attempts that ended badly a short while ago and have calls: somebody was to end these. */
export async function findEndedAttempts(
  pool: pg.Pool,
  endedForMs: number,
  limit: number,
): Promise<{ jobId: string; attempt: number }[]> {
  const { rows } = await pool.query<{ jobId: string; attempt: number }>(
    `SELECT "jobId", attempt FROM "JobAttempt"
     WHERE "jobId" IN (SELECT "jobId" FROM "LiveJob" UNION SELECT "jobId" FROM "UnsweptJob")
       AND "endedAt" > now() - $1 * interval '1 millisecond' AND cause IS NOT NULL
       AND ("claimedCallId" IS NOT NULL OR cardinality("submittedCallIds") > 0)
     ORDER BY "endedAt" DESC LIMIT $2`,
    [endedForMs, limit],
  );
  return rows;
}

/**
 * Starts the deadline of a waiting job again: it was put on the queue once more, or no GPU was free.
 *
 * @param inMs it will be on the queue only then
 */
export async function touchWaiting(pool: pg.Pool, jobId: string, attempt: number, inMs = 0): Promise<void> {
  await pool.query(
    `UPDATE "Job" SET "stateSince" = now() + $3 * interval '1 millisecond'
     WHERE id = $1 AND attempt = $2 AND state IN ('queued', 'dispatching')`,
    [jobId, attempt, inMs],
  );
}
