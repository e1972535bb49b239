import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOutage } from './faults.ts';
import { createTestDb, type TestDb } from './testing.ts';
import { inTransaction } from './transaction.ts';

let db: TestDb;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ db, drop } = await createTestDb());
});
afterAll(() => drop());

describe('a connection that breaks between two statements of a transaction', () => {
  it('fails that transaction as an outage, and neither the process nor the next one', async () => {
    const broken = inTransaction(db.pool, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const ended = new Promise((resolve) => client.once('end', resolve));
      await db.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      await ended;
      await client.query('SELECT 1');
    });
    const error: unknown = await broken.catch((caught: unknown) => caught);
    expect(isOutage(error)).toBe(true);
    expect((await db.pool.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});
