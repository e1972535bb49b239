/** The connections to Postgres: one pool for Prisma, one for the typed SQL of the hot paths. */
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.ts';
import { OneWriteSocket } from './one-write-socket.ts';

export type Db = {
  prisma: PrismaClient;
  /** For statements that find every row by its key; see {@link HOT_PLANS}. */
  pool: pg.Pool;
  close(): Promise<void>;
};

/**
 * The hot statements join a JSON parameter, whose size the planner cannot know, with tables by their keys. Left alone it
 * plans anew on every call and scans whole tables while they are small (measured: 7.5 instead of 2.9 ms of CPU per job).
 * Through a PgBouncer (see {@link connectDb}) they are not set; the statements then only cost more.
 */
const HOT_PLANS = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
];

/** The longest wait for a connection. See docs/operations.md. */
const WAIT_MS = 2_000;
/** The longest wait for an answer, and how long an idle connection is kept. */
const TIMEOUTS = { query_timeout: 10_000, idleTimeoutMillis: 30_000 } as const;
/** The server's own end of it: what a client no longer waits for, or left open by dying, is ended there too. */
const SERVER_TIMEOUTS = ['statement_timeout=15s', 'idle_in_transaction_session_timeout=15s'];

/**
 * @param options.url `postgresql://…`; may point at PgBouncer in transaction mode (no session state is used). With
 *   `?pgbouncer=true` statements have no names and connections no settings: for a PgBouncer older than 1.21, which cannot
 *   keep names apart, or one that refuses startup parameters
 * @param options.poolSize connections of this process, shared out between both pools
 * @param options.onError told of errors on idle connections (the pools replace them by themselves)
 * @param options.waitMs for a connection, instead of 2 s
 */
export function connectDb(options: {
  url: string;
  poolSize: number;
  onError: (error: Error) => void;
  waitMs?: number | undefined;
}): Db {
  const half = Math.ceil(options.poolSize / 2);
  const url = new URL(options.url);
  const isPlain = url.searchParams.get('pgbouncer') === 'true';
  url.searchParams.delete('pgbouncer');
  const open = (settings: string[]): pg.Pool => {
    const pool = new pg.Pool({
      connectionString: url.href,
      max: half,
      keepAlive: true,
      stream: () => new OneWriteSocket(),
      connectionTimeoutMillis: options.waitMs ?? WAIT_MS,
      ...TIMEOUTS,
      ...(!isPlain && { options: settings.map((setting) => `-c ${setting}`).join(' ') }),
    });
    if (isPlain) pool.on('connect', withoutNames);
    pool.on('error', options.onError);
    // The pool listens to idle connections only; one that breaks between two statements of a transaction would end the
    // process. Its next statement fails anyway, and tells.
    pool.on('connect', (client) => client.on('error', () => undefined));
    return pool;
  };
  const pool = open([...SERVER_TIMEOUTS, ...HOT_PLANS]);
  const prismaPool = open(SERVER_TIMEOUTS);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(prismaPool, { disposeExternalPool: false }),
    // Its own defaults would wait for a transaction's connection and end differently from all else.
    transactionOptions: { maxWait: options.waitMs ?? WAIT_MS, timeout: TIMEOUTS.query_timeout },
  });
  return {
    prisma,
    pool,
    async close() {
      await prisma.$disconnect();
      await Promise.all([pool.end(), prismaPool.end()]);
    },
  };
}

/** Two connections of a command's own, for an operator at the keyboard. */
export function openPool(url: string): pg.Pool {
  const plain = new URL(url);
  plain.searchParams.delete('pgbouncer');
  const pool = new pg.Pool({ connectionString: plain.href, max: 2, connectionTimeoutMillis: 10_000 });
  // One that is cut off while idle harms nobody: the next statement opens another.
  pool.on('error', () => undefined);
  return pool;
}

/** The next transaction may run on another connection of the server, which does not know what was prepared on this one. */
function withoutNames(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  const plain = (statement: unknown, ...rest: unknown[]): unknown => {
    const isNamed =
      typeof statement === 'object' && statement !== null && 'name' in statement && !('submit' in statement);
    return query(isNamed ? { ...statement, name: undefined } : statement, ...rest);
  };
  client.query = plain as typeof client.query;
}
