/**
 * The one place where a job changes state: compare-and-set for many jobs in one statement, with everything that a move
 * brings along in the same transaction (history, attempt, outbox, money, model state).
 */
import { FINAL_STATES, type JobState, TRANSITIONS } from '@pixgen/domain';
import type pg from 'pg';

export type JobMove = {
  jobId: string;
  /** The attempt the caller knows; another one means someone else moved on. */
  attempt: number;
  to: JobState;
  /** Why, for `failed`, `cancelled`, `expired` and an attempt that ends. */
  cause: string | null;
  /** What is settled when the job ends; the rest of the hold is released. */
  costMicroUsd: number;
  /** Fresh UUIDv7s, used when the move needs an outbox row (next attempt, cancel at the provider) or ledger rows. */
  ids: { dispatch: string; cancel: string; settle: string; release: string };
  /** Before a next attempt is dispatched. */
  delayMs: number;
};

export type MovedJob = {
  jobId: string;
  userId: string;
  kind: string;
  orderId: string;
  number: string;
  type: string;
  attempt: number;
  code: string | null;
  at: Date;
};

/** The states a move may come from, read backwards from the transition table. */
function sources(to: JobState): JobState[] {
  return (Object.keys(TRANSITIONS) as JobState[]).filter((from) => TRANSITIONS[from].includes(to));
}

/** Put before a statement's other parts: its commit does not wait for the disk. Must be read from to take effect. */
export const WITHOUT_WAITING = `lazy AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))`;

const MOVE = `
WITH mv AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(
    "jobId" uuid, attempt int, "to" text, cause text, "costMicroUsd" bigint, "from" text[], final boolean, "delayMs" int,
    "dispatchId" uuid, "cancelId" uuid, "settleId" uuid, "releaseId" uuid)
),
locked AS (
  SELECT j.id FROM "Job" j JOIN mv ON mv."jobId" = j.id
  WHERE j.attempt = mv.attempt AND j.state = ANY (mv."from") ORDER BY j.id FOR NO KEY UPDATE OF j
),
moved AS (
  UPDATE "Job" j SET
    state = mv."to", "stateSince" = now(), "updatedAt" = now(),
    attempt = CASE WHEN mv."to" = 'queued' THEN j.attempt + 1 ELSE j.attempt END,
    "failureCode" = CASE WHEN mv.final THEN mv.cause END,
    "startedAt" = CASE WHEN mv."to" = 'running' THEN coalesce(j."startedAt", now()) ELSE j."startedAt" END,
    "endedAt" = CASE WHEN mv.final THEN now() END,
    "costMicroUsd" = CASE WHEN mv.final THEN mv."costMicroUsd" ELSE 0 END
  FROM mv, locked
  WHERE j.id = locked.id AND j.id = mv."jobId" AND j.attempt = mv.attempt AND j.state = ANY (mv."from")
  RETURNING j.id, j."userId", j.kind, coalesce(j."trainingId", j."generationId") AS "orderId", j."modelId",
    j."holdMicroUsd", j."costMicroUsd", mv.attempt AS "oldAttempt", mv."to", mv.cause, mv.final, mv."delayMs",
    mv."dispatchId", mv."cancelId", mv."settleId", mv."releaseId"
),
ended AS (
  UPDATE "JobAttempt" a SET "endedAt" = now(), cause = moved.cause FROM moved
  WHERE a."jobId" = moved.id AND a.attempt = moved."oldAttempt" AND (moved.final OR moved."to" = 'queued')
),
begun AS (
  INSERT INTO "JobAttempt" ("jobId", attempt) SELECT id, "oldAttempt" FROM moved WHERE "to" = 'dispatching'
  ON CONFLICT DO NOTHING
),
box AS (
  INSERT INTO "Outbox" (id, task, payload, "dueAt")
  SELECT "dispatchId", 'dispatch', jsonb_build_object('jobId', id, 'attempt', "oldAttempt" + 1),
    now() + "delayMs" * interval '1 millisecond'
  FROM moved WHERE "to" = 'queued'
  UNION ALL
  SELECT "cancelId", 'cancel-calls', jsonb_build_object('jobId', id, 'attempt', "oldAttempt"), now()
  FROM moved WHERE "to" IN ('queued', 'cancelled', 'expired') OR ("to" = 'failed' AND cause <> 'NEVER_STARTED')
),
dead AS (
  INSERT INTO "DeadLetter" ("jobId") SELECT id FROM moved WHERE "to" IN ('failed', 'expired')
),
parked AS (
  -- The row's id is the job's: it ends once, and the entry on the queue is found by it.
  INSERT INTO "Outbox" (id, task, payload)
  SELECT id, 'dead-letters', jsonb_build_object('jobId', id, 'attempt', "oldAttempt", 'cause', cause) FROM moved
  WHERE "to" IN ('failed', 'expired')
),
money AS (
  UPDATE "User" u SET "heldMicroUsd" = u."heldMicroUsd" - s.held, "spentMicroUsd" = u."spentMicroUsd" + s.cost
  FROM (SELECT "userId", sum("holdMicroUsd") AS held, sum("costMicroUsd") AS cost FROM moved
        WHERE final AND "holdMicroUsd" > 0 GROUP BY "userId") s
  WHERE u.id = s."userId"
),
ledger AS (
  INSERT INTO "LedgerEntry" (id, "userId", "jobId", entry, "amountMicroUsd")
  SELECT "settleId", "userId", id, 'settle', "costMicroUsd" FROM moved WHERE final AND "holdMicroUsd" > 0 AND "costMicroUsd" > 0
  UNION ALL
  SELECT "releaseId", "userId", id, 'release', "holdMicroUsd" - "costMicroUsd" FROM moved
  WHERE final AND "holdMicroUsd" > "costMicroUsd"
),
model AS (
  UPDATE "Model" m SET "updatedAt" = now(), state = CASE
      WHEN moved."to" = 'succeeded' OR EXISTS (SELECT 1 FROM "Weights" w WHERE w."modelId" = m.id AND w.final) THEN 'ready'
      WHEN moved."to" = 'cancelled' THEN 'draft' ELSE 'failed' END
  FROM moved WHERE moved.kind = 'train' AND moved.final AND m.id = moved."modelId"
)
INSERT INTO "JobEvent" ("jobId", "userId", kind, "orderId", type, attempt, code)
SELECT id, "userId", kind, "orderId", CASE WHEN "to" = 'queued' THEN 'attempt-ended' ELSE "to" END, "oldAttempt", cause FROM moved
RETURNING "jobId", "userId", kind, "orderId", number, type, attempt, code, at`;

const MOVE_REPEATABLE = MOVE.replace('WITH mv AS (', `WITH ${WITHOUT_WAITING}, mv AS (`).replace(
  'SELECT * FROM jsonb_to_recordset',
  'SELECT r.* FROM lazy, jsonb_to_recordset',
);

/**
 * Moves jobs whose attempt and state are still as expected.
 *
 * @param repeatable the caller makes the same move again when it is lost with a crash of Postgres
 * @returns one row per job that moved; a job that is missing was moved by someone else, and its caller must not go on
 */
export async function moveJobs(
  client: pg.Pool | pg.ClientBase,
  moves: JobMove[],
  repeatable = false,
): Promise<MovedJob[]> {
  if (moves.length === 0) return [];
  const finals: readonly JobState[] = FINAL_STATES;
  const rows = moves.map(({ ids, ...move }) => ({
    ...move,
    from: sources(move.to),
    final: finals.includes(move.to),
    dispatchId: ids.dispatch,
    cancelId: ids.cancel,
    settleId: ids.settle,
    releaseId: ids.release,
  }));
  const statement = repeatable
    ? { name: 'move-jobs-repeatable', text: MOVE_REPEATABLE }
    : { name: 'move-jobs', text: MOVE };
  const result = await client.query<MovedJob>({ ...statement, values: [JSON.stringify(rows)] });
  return result.rows;
}
