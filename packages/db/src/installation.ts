/** Which installation a database is of: its store says the same, or one of the two is the wrong one. */
import { newId } from '@pixgen/domain';
import type pg from 'pg';

/** `pass`: how often store and database were held against each other. */
export type Installation = { id: string; pass: number };

/** @returns null before the first pass */
export async function findInstallation(pool: pg.Pool): Promise<Installation | null> {
  const { rows } = await pool.query<Installation>('SELECT id, pass FROM "Installation"');
  return rows[0] ?? null;
}

/** Counts a pass; the first one gives the installation its id. */
export async function countPass(pool: pg.Pool): Promise<Installation> {
  const { rows } = await pool.query<Installation>(
    `INSERT INTO "Installation" (id, pass) VALUES ($1, 1)
     ON CONFLICT (singleton) DO UPDATE SET pass = "Installation".pass + 1 RETURNING id, pass`,
    [newId()],
  );
  const [installation] = rows;
  if (!installation) throw new Error('a pass was not counted');
  return installation;
}
