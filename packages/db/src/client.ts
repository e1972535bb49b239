/** The one connection to Postgres: a pool shared by Prisma and the typed SQL of the hot paths. */
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.ts';

export type Db = {
  prisma: PrismaClient;
  pool: pg.Pool;
  close(): Promise<void>;
};

/**
 * @param options.url `postgresql://…`; may point at PgBouncer in transaction mode (no session state is used)
 * @param options.poolSize connections of this process
 * @param options.onError told of errors on idle connections (the pool replaces them by itself)
 */
export function connectDb(options: { url: string; poolSize: number; onError: (error: Error) => void }): Db {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    connectionTimeoutMillis: 2_000,
    idleTimeoutMillis: 30_000,
    query_timeout: 10_000,
    keepAlive: true,
  });
  pool.on('error', options.onError);
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: false }) });
  return {
    prisma,
    pool,
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}
