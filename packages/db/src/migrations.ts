import { readdir } from 'node:fs/promises';
import type { Db } from './client.ts';

const FOLDER = new URL('../migrations/', import.meta.url);

/** @returns how many migrations of this version of the code the database has not seen */
export async function pendingMigrations(db: Db): Promise<number> {
  const entries = await readdir(FOLDER, { withFileTypes: true });
  const ours = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const applied = await db.pool.query<{ migration_name: string }>(
    'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  const known = new Set(applied.rows.map((row) => row.migration_name));
  return ours.filter((name) => !known.has(name)).length;
}
