/** The outbox: queue work committed with its cause, moved to the queue by a relay, at least once. */
import type pg from 'pg';
import { WITHOUT_WAITING } from './job-moves.ts';
import { inTransaction, REPEATABLE } from './transaction.ts';

export type OutboxRow = { id: string; task: string; payload: object };
/** `delayMs`: before it is due. */
type NewOutboxRow = OutboxRow & { delayMs?: number };

/**
 * Hands up to `limit` due rows to `send` and deletes them when it returned. Relays in other processes take other rows.
 * A crash between send and commit sends the same ids again, which the queue drops as duplicates.
 *
 * @returns how many rows were moved
 */
export async function relayOutbox(
  pool: pg.Pool,
  limit: number,
  send: (rows: OutboxRow[]) => Promise<void>,
): Promise<number> {
  const move = async (_client: pg.PoolClient, begun: pg.QueryResult[]): Promise<number> => {
    const taken: OutboxRow[] = begun.at(-1)?.rows ?? [];
    if (taken.length > 0) await send(taken);
    return taken.length;
  };
  // A delete that is lost sends the rows again. It goes with BEGIN, which cannot carry parameters: one round trip less.
  const take = `DELETE FROM "Outbox" WHERE id IN (
      SELECT id FROM "Outbox" WHERE "dueAt" <= now() ORDER BY "dueAt" LIMIT ${Math.trunc(limit)} FOR UPDATE SKIP LOCKED)
    RETURNING id, task, payload`;
  return inTransaction(pool, move, `${REPEATABLE}; ${take}`);
}

/** Takes rows away whose task is on the queue. One that is lost is handed over again, which the queue drops. */
export async function removeFromOutbox(pool: pg.Pool, ids: string[]): Promise<void> {
  await pool.query({
    name: 'remove-from-outbox',
    text: `WITH ${WITHOUT_WAITING}
      DELETE FROM "Outbox" o USING lazy, unnest($1::uuid[]) AS r(id) WHERE o.id = r.id`,
    values: [ids],
  });
}

/** How long the oldest due row has waited for a relay, ms; 0 when none waits. What grows here is on no queue yet. */
export async function outboxAgeMs(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query(
    `SELECT coalesce(1000 * extract(epoch FROM now() - min("dueAt")), 0)::float8 AS age FROM "Outbox" WHERE "dueAt" <= now()`,
  );
  return Math.round(rows[0].age);
}

/** Writes outbox rows inside a caller's transaction, or alone. */
export async function addToOutbox(client: pg.Pool | pg.ClientBase, rows: NewOutboxRow[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    `INSERT INTO "Outbox" (id, task, payload, "dueAt")
     SELECT r.id, r.task, r.payload, now() + coalesce(r."delayMs", 0) * interval '1 millisecond'
     FROM jsonb_to_recordset($1::jsonb) AS r(id uuid, task text, payload jsonb, "delayMs" float8)`,
    [JSON.stringify(rows)],
  );
}
