import type pg from 'pg';

/**
 * Takes or renews a lease: of all processes, one holder at a time does the periodic work.
 *
 * @returns true when `holder` has the lease for the next `ttlMs`
 */
export async function holdLease(pool: pg.Pool, name: string, holder: string, ttlMs: number): Promise<boolean> {
  const result = await pool.query(
    `INSERT INTO "Lease" (name, holder, "expiresAt") VALUES ($1, $2, now() + $3 * interval '1 millisecond')
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, "expiresAt" = excluded."expiresAt"
     WHERE "Lease".holder = excluded.holder OR "Lease"."expiresAt" < now()`,
    [name, holder, ttlMs],
  );
  return result.rowCount === 1;
}

/** Gives a lease back at a graceful stop, so that the next holder need not wait. */
export async function releaseLease(pool: pg.Pool, name: string, holder: string): Promise<void> {
  await pool.query('DELETE FROM "Lease" WHERE name = $1 AND holder = $2', [name, holder]);
}
