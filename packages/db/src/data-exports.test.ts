/** A copy of everything is one of everything: no table of a person is forgotten, and none of what opens doors is in it. */
import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EXPORTED_TABLES, NOT_IN_EXPORT, OWN_TABLES, readOwnRows } from './data-exports.ts';
import { createTestDb } from './testing.ts';

let test: Awaited<ReturnType<typeof createTestDb>>;
beforeAll(async () => {
  test = await createTestDb(1);
});
afterAll(() => test.drop());

/** Named so, a column leads to a person or to something of theirs, also where no foreign key says so. */
const LEADS_TO_A_PERSON =
  /^(userId|reporterId|createdBy|actor|subject|modelId|photoId|trainingId|generationId|jobId|imageId|collectionId)$/;

/** Tables of people: by the names of their columns, and by foreign keys to such a table. */
async function findTablesOfPeople(): Promise<Set<string>> {
  const { pool } = test.db;
  const columns = await pool.query<{ name: string; column: string }>(
    `SELECT table_name AS name, column_name AS column FROM information_schema.columns WHERE table_schema = 'public'`,
  );
  const found = new Set(['User']);
  for (const { name, column } of columns.rows) if (LEADS_TO_A_PERSON.test(column)) found.add(name);
  const keys = await pool.query<{ from: string; to: string }>(
    `SELECT f.relname AS from, t.relname AS to FROM pg_constraint c
     JOIN pg_class f ON f.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid WHERE c.contype = 'f'`,
  );
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const { from, to } of keys.rows) if (found.has(to)) found.add(from);
  }
  return found;
}

it('holds every table that leads to a person, or says why not', async () => {
  const found = await findTablesOfPeople();
  expect(found.size).toBeGreaterThan(20);
  // By the column `subject`, a text of its own, and by the hash of one that is gone.
  const known = [...EXPORTED_TABLES, ...Object.keys(NOT_IN_EXPORT)];
  expect([...found].toSorted()).toEqual([...new Set(known)].toSorted());
  expect(known).toHaveLength(new Set(known).size);
});

it('reads each of them for its person alone, without what opens doors', async () => {
  const { prisma, pool } = test.db;
  const [own, other] = [newId(), newId()];
  for (const id of [own, other]) {
    const secrets = { sessions: { create: { id: `sess_${id}`, expiresAt: new Date() } } };
    const apiKeys = { create: { id: newId(), name: 'x', prefix: 'pxg_x', secretHash: `secret ${id}` } };
    const invites = { create: { codeHash: `secret code ${id}`, kind: 'invite', expiresAt: new Date() } };
    await prisma.user.create({ data: { id, subject: `local_${id}`, displayName: id, ...secrets, apiKeys, invites } });
  }
  const rows: Record<string, object[]> = {};
  for (const table of OWN_TABLES) {
    rows[table] = [];
    for await (const batch of readOwnRows(pool, table, own)) rows[table].push(...batch);
  }
  expect([rows.account, rows.apiKeys, rows.sessions, rows.invites].map((found) => found?.length)).toEqual([1, 1, 1, 1]);
  const text = JSON.stringify(rows);
  expect(text).toContain(own);
  for (const word of [other, 'secret', 'sess_', 'passwordHash']) expect(text).not.toContain(word);
});
