/** Claims, call ids and the fence: what a GPU call may still do. All of it in multi-row SQL. */
import { type JobKind, type JobState, MAX_CLAIMS } from '@pixgen/domain';
import type pg from 'pg';
import { createBatcher } from './batch.ts';
import { WITHOUT_WAITING } from './job-moves.ts';
import { AT_WORK } from './states.ts';
import { toWorkRow, WORK, type WorkResult, type WorkRow } from './work-orders.ts';

export type ClaimRow = { jobId: string; attempt: number; callId: string };
export type ClaimAnswer =
  | { outcome: 'claimed'; claimEpoch: number; first: boolean; event: ClaimedJob | null; work: WorkRow }
  | { outcome: 'taken' }
  | { outcome: 'too-many' }
  | { outcome: 'gone' };

/** The `running` event of a first claim. */
export type ClaimedJob = { jobId: string; userId: string; kind: string; orderId: string; number: string; at: Date };

/**
 * The work is read as it was when the statement began: an image or a checkpoint of an earlier epoch that is applied at the
 * same time is made once more, as if it had come a moment later.
 */
const CLAIM = `
WITH req AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(ord int, "jobId" uuid, attempt int, "callId" text)),
locked AS (
  SELECT j.id, j.attempt, j.state FROM "Job" j
  WHERE j.id IN (SELECT "jobId" FROM req) AND ${AT_WORK} ORDER BY j.id FOR NO KEY UPDATE
),
got AS (
  UPDATE "JobAttempt" a SET "claimedCallId" = req."callId", "claimEpoch" = a."claimEpoch" + 1, "claimedAt" = coalesce(a."claimedAt", now())
  FROM req JOIN locked ON locked.id = req."jobId" AND locked.attempt = req.attempt
  WHERE a."jobId" = req."jobId" AND a.attempt = req.attempt AND a."claimEpoch" < ${MAX_CLAIMS}
    AND (a."claimedCallId" IS NULL OR a."claimedCallId" = req."callId")
  RETURNING req.ord, a."jobId", a.attempt, a."claimEpoch"
),
started AS (
  UPDATE "Job" j SET version = j.version + 1, state = 'running', "updatedAt" = now(), "startedAt" = coalesce(j."startedAt", now()),
    "stateSince" = CASE WHEN locked.state = 'dispatching' THEN now() ELSE j."stateSince" END
  FROM got JOIN locked ON locked.id = got."jobId" WHERE j.id = got."jobId"
  RETURNING j.id, j."userId", j.kind, coalesce(j."trainingId", j."generationId") AS "orderId", j.attempt, locked.state AS was
),
event AS (
  INSERT INTO "JobEvent" ("jobId", "userId", kind, "orderId", type, attempt)
  SELECT id, "userId", kind, "orderId", 'running', attempt FROM started WHERE was = 'dispatching'
  RETURNING "jobId", "userId", kind, "orderId", number, at
)
SELECT req.ord, got."claimEpoch", event."userId", event.kind, event."orderId", event.number, event.at,
  locked.id IS NOT NULL AND locked.attempt = req.attempt AS current, a."claimEpoch" AS "epochBefore",
  a."claimedCallId" IS NULL OR a."claimedCallId" = req."callId" AS mine,
  w."userId" AS "workUserId", w.kind AS "workKind", w.checkpoint, w.work
FROM req LEFT JOIN got USING (ord) LEFT JOIN event ON event."jobId" = got."jobId" LEFT JOIN locked ON locked.id = req."jobId"
LEFT JOIN "JobAttempt" a ON a."jobId" = req."jobId" AND a.attempt = req.attempt
LEFT JOIN LATERAL (${WORK} WHERE j.id = got."jobId") w ON true`;

type ClaimResult = {
  ord: number;
  claimEpoch: number | null;
  userId: string | null;
  kind: string | null;
  orderId: string | null;
  number: string | null;
  at: Date | null;
  current: boolean;
  epochBefore: number | null;
  mine: boolean | null;
  workUserId: string | null;
  workKind: string | null;
  checkpoint: WorkResult['checkpoint'];
  work: WorkResult['work'] | null;
};

/** Claims an attempt for a call: one statement, so of two calls that ask at once exactly one gets it. */
export function createClaimer(pool: pg.Pool): (request: ClaimRow) => Promise<ClaimAnswer> {
  return createBatcher<ClaimRow, ClaimAnswer>(
    async (requests) => {
      const rows = requests.map((request, ord) => ({ ord, ...request }));
      const result = await pool.query<ClaimResult>({ name: 'claim', text: CLAIM, values: [JSON.stringify(rows)] });
      const answers = new Map(result.rows.map((row) => [row.ord, row]));
      return requests.map((request, ord) => toClaimAnswer(request, answers.get(ord)));
    },
    { maxBatch: 200 },
  );
}

function toClaimAnswer(request: ClaimRow, row: ClaimResult | undefined): ClaimAnswer {
  if (!row?.current) return { outcome: 'gone' };
  if (row.claimEpoch === null) {
    return row.mine && (row.epochBefore ?? 0) >= MAX_CLAIMS ? { outcome: 'too-many' } : { outcome: 'taken' };
  }
  const { userId, kind, orderId, number, at } = row;
  const isFirst = userId !== null && kind !== null && orderId !== null && number !== null && at !== null;
  const event = isFirst ? { jobId: request.jobId, userId, kind, orderId, number, at } : null;
  const { workUserId, workKind, checkpoint, work } = row;
  // Erased by its owner between two looks at it.
  if (workUserId === null || workKind === null || work === null) return { outcome: 'gone' };
  return {
    outcome: 'claimed',
    claimEpoch: row.claimEpoch,
    first: row.claimEpoch === 1,
    event,
    work: toWorkRow({ jobId: request.jobId, userId: workUserId, kind: workKind, checkpoint, work }),
  };
}

/**
 * Remembers call ids that submits returned; the reconciler asks the provider about these. A call that claimed meanwhile
 * is known already and is left out. One that is lost is found again: the call claims, or a second submit makes another.
 */
export async function recordCalls(pool: pg.Pool, calls: ClaimRow[]): Promise<void> {
  await pool.query({
    name: 'record-calls',
    text: `WITH ${WITHOUT_WAITING}
      UPDATE "JobAttempt" a SET "submittedCallIds" = ARRAY(SELECT DISTINCT unnest(a."submittedCallIds" || s.calls))
      FROM lazy, (SELECT r."jobId", r.attempt, array_agg(r."callId") AS calls
            FROM jsonb_to_recordset($1::jsonb) AS r("jobId" uuid, attempt int, "callId" text) GROUP BY 1, 2) s
      WHERE a."jobId" = s."jobId" AND a.attempt = s.attempt AND NOT a."submittedCallIds" @> s.calls
        AND NOT coalesce(s.calls <@ ARRAY[a."claimedCallId"], false)`,
    values: [JSON.stringify(calls)],
  });
}

/** What the fence knows of a job's newest attempt. */
export type Fence = {
  jobId: string;
  userId: string;
  kind: JobKind;
  orderId: string;
  state: JobState;
  attempt: number;
  claimEpoch: number;
  claimedCallId: string | null;
};

/** Reads the fence of a job; concurrent callers share a query. */
export function createFenceReader(pool: pg.Pool): (jobId: string) => Promise<Fence | null> {
  return createBatcher<string, Fence | null>(
    async (jobIds) => {
      const result = await pool.query<Fence>({
        name: 'fence',
        text: `SELECT j.id AS "jobId", j."userId", j.kind, coalesce(j."trainingId", j."generationId") AS "orderId", j.state, j.attempt, coalesce(a."claimEpoch", 0) AS "claimEpoch", a."claimedCallId"
          FROM "Job" j LEFT JOIN "JobAttempt" a ON a."jobId" = j.id AND a.attempt = j.attempt WHERE j.id = ANY ($1::uuid[])`,
        values: [jobIds],
      });
      const found = new Map(result.rows.map((row) => [row.jobId, row]));
      return jobIds.map((jobId) => found.get(jobId) ?? null);
    },
    { maxBatch: 500, maxInFlight: 2 },
  );
}
