/** The API on a real port, with real servers behind it, for one test file. */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { createLogger, type Logger } from '@pixgen/core';
import { createTestDb, type TestDb } from '@pixgen/db/testing';
import { testStorageOptions } from '@pixgen/storage/testing';
import type { FastifyInstance } from 'fastify';
import { createApp, TIMEOUTS } from './app.ts';
import { type Env, readEnv } from './env.ts';
import { createServices, type Services } from './services.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const SESSION_PRIVATE_KEY = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })).toString('base64');
export const PUBLIC_KEY_PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const ORIGIN = 'https://studio.example';
/** What no answer may contain: names of our parts, paths, addresses, code. */
export const INTERNALS = /prisma|postgres|node_modules|\.ts:|at \w+ \(|127\.0\.0\.1|ECONN|select |zod/i;

/** Databases 1 to 15 of the shared server: files that run at the same time must not meet in its caches. */
function redisUrl(): string {
  const url = new URL(process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:1');
  url.pathname = `/${1 + (Number(process.env.VITEST_POOL_ID ?? 1) % 15)}`;
  return url.href;
}

const NO_CALL_LIMITS = {
  CALLS_PER_MINUTE_PER_ADDRESS: '0',
  FORGERIES_PER_MINUTE_PER_ADDRESS: '0',
  TRAININGS_PER_HOUR: '0',
  GENERATIONS_PER_HOUR: '0',
  MUTATIONS_PER_15_MIN: '0',
  READS_PER_15_MIN: '0',
  CALLS_AT_ONCE_PER_PERSON: '0',
  STREAMS_PER_PERSON: '0',
  PICTURES_AT_ONCE_PER_PERSON: '0',
  LIVE_JOBS_PER_PERSON: '0',
  REPORTS_PER_HOUR_PER_ADDRESS: '0',
  STRIKES_TO_SUSPEND: '0',
};

/** Good values for mode `local`; the store's own keys are not held to be secrets in a test run. */
export function testVariables(databaseUrl = 'postgresql://127.0.0.1:1/none'): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl(),
    S3_ENDPOINT: 'http://127.0.0.1:1',
    S3_BUCKET: 'pixgen',
    S3_ACCESS_KEY_ID: 'access',
    S3_SECRET_ACCESS_KEY: randomBytes(20).toString('base64'),
    WEB_ORIGIN: ORIGIN,
    GPU_API_URL: 'http://127.0.0.1:4000',
    GPU_PROFILE: 'nano',
    TICKET_KEY: randomBytes(33).toString('base64'),
    AUTH_MODE: 'local',
    REGISTRATION: 'open',
    SESSION_PRIVATE_KEY,
    // A busy machine is no reason to refuse a test.
    SHED_AT_DELAY_MS: '0',
    QUEUE_BOARD: 'on',
    AUTH_CALLS_PER_MINUTE: '1000',
    ...NO_CALL_LIMITS,
    LOG_LEVEL: 'silent',
  };
}

export type TestApi = {
  url: string;
  app: FastifyInstance;
  services: Services;
  db: TestDb;
  /** Signs a new person up. */
  signUp: () => Promise<{ token: string; headers: { authorization: string }; userId: string }>;
  /** A call with a JSON body. */
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
  close: () => Promise<void>;
};

/**
 * @param log replaces the silent one, for tests that read it
 * @param timeouts replaces the usual ones
 */
export async function startTestApi(
  changes: Record<string, string> = {},
  log?: Logger,
  timeouts?: Partial<typeof TIMEOUTS>,
): Promise<TestApi> {
  const { db, drop } = await createTestDb(2);
  const parsed = readEnv({ ...testVariables(db.url), ...changes });
  const store = testStorageOptions();
  const env: Env = {
    ...parsed,
    S3_ENDPOINT: store.endpoint,
    S3_REGION: store.region,
    S3_BUCKET: store.bucket,
    S3_ACCESS_KEY_ID: store.accessKeyId,
    S3_SECRET_ACCESS_KEY: store.secretAccessKey,
  };
  const services = await createServices(env, log ?? createLogger('silent'));
  const app = await createApp(services, { ...TIMEOUTS, ...timeouts });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const post: TestApi['post'] = (path, body, headers = {}) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  return {
    url,
    app,
    services,
    db,
    post,
    async signUp() {
      const email = `${randomUUID()}@example.test`;
      const answer = await post('/auth/local/sign-up', { email, password: 'a long password', displayName: 'Ada' });
      const { token } = (await answer.json()) as { token: string };
      const { id: userId } = await db.prisma.user.findUniqueOrThrow({ where: { email }, select: { id: true } });
      return { token, headers: { authorization: `Bearer ${token}` }, userId };
    },
    async close() {
      await app.close();
      await services.close();
      await drop();
    },
  };
}
