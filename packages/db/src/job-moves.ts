/**
 * The one place where a job changes state: compare-and-set for many jobs in one statement, with everything that a move
 * brings along in the same transaction (history, attempt, outbox, money, model state).
 */
import { FINAL_STATES, type JobState, TRANSITIONS } from '@pixgen/domain';
import type pg from 'pg';
import { createStatements } from './statements.ts';

export type JobMove = {
  jobId: string;
  /** The attempt the caller knows; another one means someone else moved on. */
  attempt: number;
  to: JobState;
  /** Why, for `failed`, `cancelled`, `expired`, an attempt that ends, and what succeeded in part because it went wrong. */
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

/** A move as a statement reads it from its JSON parameter. */
export const MOVE_COLUMNS = `"jobId" uuid, attempt int, "to" text, cause text, "costMicroUsd" bigint, "from" text[], final boolean,
    "delayMs" int, "dispatchId" uuid, "cancelId" uuid, "settleId" uuid, "releaseId" uuid`;

/** What a move `mv` sets on its `"Job" j`; both as they were before. */
export const MOVE_SETS = `
    version = j.version + 1, state = mv."to", "stateSince" = now(), "updatedAt" = now(),
    attempt = CASE WHEN mv."to" = 'queued' THEN j.attempt + 1 ELSE j.attempt END,
    "failureCode" = CASE WHEN mv.final THEN mv.cause END,
    "startedAt" = CASE WHEN mv."to" = 'running' THEN coalesce(j."startedAt", now()) ELSE j."startedAt" END,
    "endedAt" = CASE WHEN mv.final THEN now() END,
    "costMicroUsd" = CASE WHEN mv.final THEN mv."costMicroUsd" ELSE 0 END`;

/** What a statement must return of every job it moved, under the name `moved`, to use {@link MOVE_EFFECTS}. */
export const MOVED_COLUMNS = `j.id, j."userId", j.kind, coalesce(j."trainingId", j."generationId") AS "orderId", j."modelId",
    j."holdMicroUsd", j."costMicroUsd", mv.attempt AS "oldAttempt", mv."to", mv.cause, mv.final, mv."delayMs",
    mv."dispatchId", mv."cancelId", mv."settleId", mv."releaseId"`;

/** What moves may bring along, from the rows of `moved`. A statement pays for each part it has, used or not. */
const EFFECTS = {
  begun: `INSERT INTO "JobAttempt" ("jobId", attempt) SELECT id, "oldAttempt" FROM moved WHERE "to" = 'dispatching'
  ON CONFLICT DO NOTHING`,
  over: `UPDATE "JobAttempt" a SET "endedAt" = now(), cause = moved.cause FROM moved
  WHERE a."jobId" = moved.id AND a.attempt = moved."oldAttempt" AND (moved.final OR moved."to" = 'queued')`,
  live: `DELETE FROM "LiveJob" l USING moved WHERE l."jobId" = moved.id AND moved.final`,
  unswept: `INSERT INTO "UnsweptJob" ("jobId") SELECT id FROM moved WHERE final`,
  // A job that succeeds for a cause has what it has: its last attempt went wrong, and its call may still be at work.
  box: `INSERT INTO "Outbox" (id, task, payload, "dueAt")
  SELECT "dispatchId", 'dispatch', jsonb_build_object('jobId', id, 'attempt', "oldAttempt" + 1),
    now() + "delayMs" * interval '1 millisecond'
  FROM moved WHERE "to" = 'queued'
  UNION ALL
  SELECT "cancelId", 'cancel-calls', jsonb_build_object('jobId', id, 'attempt', "oldAttempt"), now()
  FROM moved WHERE "to" <> 'succeeded' OR cause IS NOT NULL`,
  dead: `INSERT INTO "DeadLetter" ("jobId") SELECT id FROM moved WHERE "to" IN ('failed', 'expired')`,
  // The row's id is the job's: it ends once, and the entry on the queue is found by it.
  parked: `INSERT INTO "Outbox" (id, task, payload)
  SELECT id, 'dead-letters', jsonb_build_object('jobId', id, 'attempt', "oldAttempt", 'cause', cause) FROM moved
  WHERE "to" IN ('failed', 'expired')`,
  // Locked in the order of their ids: two batches that settle for the same people wait for each other, and never both.
  money: `UPDATE "User" u SET "heldMicroUsd" = u."heldMicroUsd" - s.held, "spentMicroUsd" = u."spentMicroUsd" + s.cost
  FROM (SELECT o.id, t.held, t.cost
        FROM (SELECT "userId", sum("holdMicroUsd") AS held, sum("costMicroUsd") AS cost FROM moved
              WHERE final AND "holdMicroUsd" > 0 GROUP BY "userId") t
        JOIN "User" o ON o.id = t."userId" ORDER BY o.id FOR NO KEY UPDATE OF o) s
  WHERE u.id = s.id`,
  ledger: `INSERT INTO "LedgerEntry" (id, "userId", "jobId", entry, "amountMicroUsd")
  SELECT "settleId", "userId", id, 'settle', "costMicroUsd" FROM moved WHERE final AND "costMicroUsd" > 0
  UNION ALL
  SELECT "releaseId", "userId", id, 'release', "holdMicroUsd" - "costMicroUsd" FROM moved
  WHERE final AND "holdMicroUsd" > "costMicroUsd"`,
  // New weights are there to be used: what was chosen among earlier ones is no longer asked for.
  model: `UPDATE "Model" m SET "updatedAt" = now(), state = CASE
      WHEN moved."to" = 'succeeded' OR EXISTS (SELECT 1 FROM "Weights" w WHERE w."modelId" = m.id AND w.final AND NOT w.lost) THEN 'ready'
      WHEN moved."to" = 'cancelled' THEN 'draft' ELSE 'failed' END,
    "chosenWeightsId" = CASE WHEN moved."to" <> 'succeeded' THEN m."chosenWeightsId" END
  FROM moved WHERE moved.kind = 'train' AND moved.final AND m.id = moved."modelId"`,
  // What was ordered along with a training starts when it succeeds, and is let go when it does not.
  pack: `UPDATE "PackOrder" p SET "updatedAt" = now(), state = CASE WHEN moved."to" = 'succeeded' THEN 'due' ELSE 'released' END
  FROM moved WHERE moved.kind = 'train' AND moved.final AND p."trainingId" = moved."orderId" AND p.state = 'waiting'
  RETURNING p.id, p.state`,
  // The row's id is the order's: it starts once, and the queue drops a second one.
  packed: `INSERT INTO "Outbox" (id, task, payload)
  SELECT id, 'start-pack', jsonb_build_object('packOrderId', id) FROM pack WHERE state = 'due'`,
};
const ALL_EFFECTS = Object.keys(EFFECTS) as (keyof typeof EFFECTS)[];

/**
 * Parts of a statement that must stand with these moves.
 *
 * @param known of the jobs: all are generations, none holds money
 */
export function moveEffects(
  moves: readonly Pick<JobMove, 'to' | 'cause'>[],
  known: { generations: boolean; free: boolean },
): string[] {
  const needed = new Set<keyof typeof EFFECTS>();
  for (const { to, cause } of moves) {
    if (to === 'dispatching') needed.add('begun');
    else if (to !== 'running') {
      needed.add('over');
      if (to !== 'succeeded' || cause !== null) needed.add('box');
      if (to !== 'queued') {
        for (const part of [
          'live',
          'unswept',
          ...(to === 'failed' || to === 'expired' ? ['dead', 'parked'] : []),
          ...(known.free ? [] : ['money', 'ledger']),
          ...(known.generations ? [] : ['model', 'pack', 'packed']),
        ])
          needed.add(part as keyof typeof EFFECTS);
      }
    }
  }
  return ALL_EFFECTS.filter((part) => needed.has(part));
}

/** @param parts as {@link moveEffects} named them */
export function effectsText(parts: string[]): string[] {
  return ALL_EFFECTS.filter((part) => parts.includes(part)).map((part) => `${part} AS (${EFFECTS[part]})`);
}

/** The history line of a row of `moved`. */
export const MOVE_EVENT = `CASE WHEN moved."to" = 'queued' THEN 'attempt-ended' ELSE moved."to" END`;

function moveText({ effects, repeatable }: { effects: string[]; repeatable: boolean }): string {
  const tables = [
    ...(repeatable ? [WITHOUT_WAITING] : []),
    `mv AS (SELECT r.* FROM ${repeatable ? 'lazy, ' : ''}jsonb_to_recordset($1::jsonb) AS r(${MOVE_COLUMNS}))`,
    `locked AS (
  SELECT j.id FROM "Job" j JOIN mv ON mv."jobId" = j.id
  WHERE j.attempt = mv.attempt AND j.state = ANY (mv."from") ORDER BY j.id FOR NO KEY UPDATE OF j
)`,
    `moved AS (
  UPDATE "Job" j SET ${MOVE_SETS}
  FROM mv, locked
  WHERE j.id = locked.id AND j.id = mv."jobId" AND j.attempt = mv.attempt AND j.state = ANY (mv."from")
  RETURNING ${MOVED_COLUMNS}
)`,
    ...effectsText(effects),
  ];
  return `WITH ${tables.join(',\n')}
INSERT INTO "JobEvent" ("jobId", "userId", kind, "orderId", type, attempt, code)
SELECT id, "userId", kind, "orderId", ${MOVE_EVENT}, "oldAttempt", cause FROM moved
RETURNING "jobId", "userId", kind, "orderId", number, type, attempt, code, at`;
}

const statementOf = createStatements(moveText);

/** A move in the words of {@link MOVE_COLUMNS}. */
export function toMoveRow({ ids, ...move }: JobMove): object {
  const finals: readonly JobState[] = FINAL_STATES;
  return {
    ...move,
    from: sources(move.to),
    final: finals.includes(move.to),
    dispatchId: ids.dispatch,
    cancelId: ids.cancel,
    settleId: ids.settle,
    releaseId: ids.release,
  };
}

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
  const rows = moves.map(toMoveRow);
  const effects = moveEffects(moves, { generations: false, free: false });
  const statement = statementOf('move-jobs', { effects, repeatable });
  const result = await client.query<MovedJob>({ ...statement, values: [JSON.stringify(rows)] });
  return result.rows;
}
