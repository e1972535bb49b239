import type pg from 'pg';

/** What a transaction does that may be lost with the last half second before a crash of Postgres: it is done again then. */
export const REPEATABLE = 'BEGIN; SET LOCAL synchronous_commit = off';

/**
 * Runs `work` in one transaction on one connection; a connection whose rollback fails is closed, not reused.
 *
 * @param begin {@link REPEATABLE} for work that nobody was told of and that is found and done again after a crash; its
 *   commit does not wait for the disk; statements may follow it in the same text, and save a round trip
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient, begun: pg.QueryResult[]) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    // Several statements in one text are answered by as many results.
    const begun: pg.QueryResult | pg.QueryResult[] = await client.query(begin);
    const result = await work(client, Array.isArray(begun) ? begun : [begun]);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
