import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listApiKeys } from './api-keys.ts';
import { listImages } from './images.ts';
import { readModelCards } from './models.ts';
import { listPhotos } from './photos.ts';
import { createTestDb, type TestDb } from './testing.ts';

let db: TestDb;
let drop: () => Promise<void>;
const userId = newId();
const modelId = newId();

beforeAll(async () => {
  ({ db, drop } = await createTestDb(1));
  // Enough rows that reading all of a table is visibly the worse plan.
  await db.pool.query('BEGIN');
  await db.pool.query("SET LOCAL session_replication_role = 'replica'");
  await db.pool.query(
    `INSERT INTO "User" (id, subject, "displayName") SELECT CASE WHEN n = 1 THEN '${userId}'::uuid ELSE gen_random_uuid() END, 's' || n, 'x' FROM generate_series(1, 2000) n`,
  );
  await db.pool.query(
    `INSERT INTO "Model" (id, "userId", name, "classWord", "triggerWord") SELECT CASE WHEN n = 1 THEN '${modelId}'::uuid ELSE gen_random_uuid() END, CASE WHEN n <= 20 THEN '${userId}'::uuid ELSE gen_random_uuid() END, 'x', 'dog', 'sks_' || n FROM generate_series(1, 5000) n`,
  );
  await db.pool.query(
    `INSERT INTO "Photo" (id, "userId", "modelId", "fileName", "contentType", "sizeBytes") SELECT gen_random_uuid(), gen_random_uuid(), CASE WHEN n <= 20 THEN '${modelId}'::uuid ELSE gen_random_uuid() END, 'x', 'x', 1 FROM generate_series(1, 5000) n`,
  );
  await db.pool.query(
    `INSERT INTO "Image" (id, "userId", "modelId", "generationId", position, state, prompt, "compiledPrompt", seed, width, height, "storageKey", sha256) SELECT gen_random_uuid(), CASE WHEN n <= 200 THEN '${userId}'::uuid ELSE gen_random_uuid() END, CASE WHEN n <= 200 THEN '${modelId}'::uuid ELSE gen_random_uuid() END, gen_random_uuid(), 0, 'ready', 'p', 'p', 1, 8, 8, 'k' || n, 'x' FROM generate_series(1, 10000) n`,
  );
  await db.pool.query(
    `INSERT INTO "ApiKey" (id, "userId", name, prefix, "secretHash") SELECT gen_random_uuid(), CASE WHEN n <= 5 THEN '${userId}'::uuid ELSE gen_random_uuid() END, 'x', 'x', 'h' || n FROM generate_series(1, 5000) n`,
  );
  await db.pool.query('COMMIT');
  await db.pool.query('ANALYZE');
});
afterAll(() => drop());

const page = { before: newId(), limit: 31 };
const GALLERY = { deletedSince: null };

it.each<[string, string[], () => Promise<unknown[]>]>([
  [
    'models',
    ['Model', 'Photo', 'Image'],
    () => readModelCards(db, userId, { ...page, state: null, deletedSince: null }),
  ],
  ['photos of a model', ['Photo'], () => listPhotos(db, userId, modelId, 100)],
  ['the gallery', ['Image'], () => listImages(db, userId, GALLERY, page)],
  ['the gallery of a model', ['Image'], () => listImages(db, userId, { ...GALLERY, modelId }, page)],
  ['API keys', ['ApiKey'], () => listApiKeys(db, userId, 20)],
])('the list of %s reads by index', async (_, tables, list) => {
  const scans = async () => {
    await db.pool.query('SELECT pg_stat_force_next_flush()');
    const found = await db.pool.query<{ name: string; full: string }>(
      'SELECT relname AS name, seq_tup_read::text AS full FROM pg_stat_user_tables',
    );
    return new Map(found.rows.map((row) => [row.name, Number(row.full)]));
  };
  const before = await scans();
  await list();
  const after = await scans();
  for (const table of tables) expect([table, (after.get(table) ?? 0) - (before.get(table) ?? 0)]).toEqual([table, 0]);
});
