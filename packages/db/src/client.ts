/** The connections to Postgres: one pool for Prisma, one for the typed SQL of the hot paths. */
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.ts';

export type Db = {
  prisma: PrismaClient;
  /** For statements that find every row by its key; see {@link HOT_PLANS}. */
  pool: pg.Pool;
  close(): Promise<void>;
};

/**
 * The hot statements join a JSON parameter, whose size the planner cannot know, with tables by their keys. Left alone it
 * plans anew on every call and scans whole tables while they are small (measured: 7.5 instead of 2.9 ms of CPU per job).
 * A pooler that does not pass `options` on must be told to ignore it (PgBouncer: `ignore_startup_parameters`); the
 * statements then only cost more.
 */
const HOT_PLANS = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
];

/**
 * @param options.url `postgresql://…`; may point at PgBouncer in transaction mode (no session state is used)
 * @param options.poolSize connections of this process, shared out between both pools
 * @param options.onError told of errors on idle connections (the pools replace them by themselves)
 */
export function connectDb(options: { url: string; poolSize: number; onError: (error: Error) => void }): Db {
  const half = Math.ceil(options.poolSize / 2);
  const open = (extra: pg.PoolConfig): pg.Pool => {
    const pool = new pg.Pool({
      connectionString: options.url,
      max: half,
      connectionTimeoutMillis: 2_000,
      idleTimeoutMillis: 30_000,
      query_timeout: 10_000,
      keepAlive: true,
      ...extra,
    });
    pool.on('error', options.onError);
    // The pool listens to idle connections only; one that breaks between two statements of a transaction would end the
    // process. Its next statement fails anyway, and tells.
    pool.on('connect', (client) => client.on('error', () => undefined));
    return pool;
  };
  const pool = open({ options: HOT_PLANS.map((setting) => `-c ${setting}`).join(' ') });
  const prismaPool = open({});
  const prisma = new PrismaClient({ adapter: new PrismaPg(prismaPool, { disposeExternalPool: false }) });
  return {
    prisma,
    pool,
    async close() {
      await prisma.$disconnect();
      await Promise.all([pool.end(), prismaPool.end()]);
    },
  };
}
