/** A database of its own for one test file, copied from the migrated template in some 30 ms. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { connectDb, type Db } from './client.ts';

export type TestDb = Db & { url: string };

/** Call `drop()` when the file is done. `TEST_DATABASE_URL` names the template; nobody may be connected to it. */
export async function createTestDb(poolSize = 10): Promise<{ db: TestDb; drop: () => Promise<void> }> {
  const template = process.env.TEST_DATABASE_URL;
  if (!template)
    throw new Error('TEST_DATABASE_URL is not set: run the tests through `npm test`, which starts the servers.');
  const templateName = new URL(template).pathname.slice(1);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(template, `CREATE DATABASE ${name} TEMPLATE ${pg.escapeIdentifier(templateName)} STRATEGY wal_log`);
  const url = new URL(template);
  url.pathname = `/${name}`;
  const db = connectDb({ url: url.href, poolSize, onError: () => {} });
  const drop = async () => {
    await db.close();
    await onServer(template, `DROP DATABASE ${name} WITH (FORCE)`);
  };
  return { db: Object.assign(db, { url: url.href }), drop };
}

async function onServer(template: string, sql: string): Promise<void> {
  const url = new URL(template);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
