/** API and worker need no power over the schema: the whole product runs as a role that reads and writes rows and nothing else. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createTestDb } from '@pixgen/db/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryRoot } from '../stack/paths.ts';
import { type Product, startProduct } from '../testing/product.ts';
import { createTrainedModel } from '../testing/studio.ts';

const ROLE = `app_${randomBytes(4).toString('hex')}`;
const PASSWORD = `it's "quoted" ${randomBytes(8).toString('hex')}`;
let owner: Awaited<ReturnType<typeof createTestDb>>;
let url: URL;
let product: Product;

const makeRole = () =>
  execFileSync(process.execPath, [join(repositoryRoot, 'packages/db/scripts/app-role.ts')], {
    env: { PATH: process.env.PATH ?? '', DATABASE_URL: owner.db.url, APP_ROLE: ROLE, APP_PASSWORD: PASSWORD },
    encoding: 'utf8',
  });

beforeAll(async () => {
  owner = await createTestDb(2);
  expect(makeRole()).toBe(`role ${ROLE}: made\n`);
  expect(makeRole()).toBe(`role ${ROLE}: renewed\n`);
  url = new URL(owner.db.url);
  url.username = ROLE;
  url.password = encodeURIComponent(PASSWORD);
  product = await startProduct({ env: { DATABASE_URL: url.href } });
});
afterAll(async () => {
  await product?.stop();
  await owner.db.pool.query(`DROP OWNED BY ${ROLE}; DROP ROLE ${ROLE}`);
  await owner.drop();
});

it('signs up, trains and writes the audit log with rows alone', async () => {
  const person = await product.createPerson();
  expect(await createTrainedModel(person)).toMatch(/^[0-9a-f-]{36}$/);
  const linked = () => owner.db.prisma.auditLink.count();
  await expect.poll(linked).toBeGreaterThan(0);
});

it.each([
  'UPDATE "AuditEntry" SET action = \'sign-in\'',
  'DELETE FROM "AuditEntry"',
  'TRUNCATE "AuditLink"',
  'UPDATE "AuditLink" SET number = 0',
  'ALTER TABLE "AuditEntry" DISABLE TRIGGER ALL',
  'DROP TRIGGER "AuditEntry_only_grows" ON "AuditEntry"',
  'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
  'SET session_replication_role = replica',
  'DROP TABLE "User"',
  'CREATE TABLE "Mine" (id int)',
  'DELETE FROM "_prisma_migrations"',
  "COPY (SELECT 1) TO PROGRAM 'true'",
  'CREATE ROLE another SUPERUSER',
])('is not let: %s', async (statement) => {
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
  await client.end();
});
