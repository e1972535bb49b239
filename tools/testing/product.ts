/** The product for one test file: API and worker as processes, the simulator, and a database of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestDb, type TestDb } from '@pixgen/db/testing';
import { createPixgenClient, type PixgenClient } from '@pixgen/trpc/client';
import getPort from 'get-port';
import { breakEnvironment } from '../chaos/breaks/hook.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../gpu-simulator/simulator.ts';
import { NO_CALL_LIMITS } from '../stack/call-limits.ts';
import { COMPILE_CACHE } from '../stack/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const READY_MS = 60_000;

export type Person = { client: PixgenClient; token: string; apiKey: string; userId: string };

export type ProductProcess = {
  pid: number;
  /** Ends the process and waits until it is gone. */
  kill: (signal?: NodeJS.Signals) => Promise<void>;
  /** Resolves when the process is gone by itself, with its exit status; null: a signal ended it. */
  gone: () => Promise<number | null>;
  /** Starts it again on the same port and waits until it is ready. */
  start: () => Promise<void>;
};

export type Product = {
  apiUrl: string;
  redisUrl: string;
  db: TestDb;
  simulator: Simulator;
  api: ProductProcess;
  worker: ProductProcess;
  /** Signs a new person up and gives them an API key. */
  createPerson: (name?: string) => Promise<Person>;
  stop: () => Promise<void>;
};

function testServer(name: string): string {
  const value = process.env[`TEST_${name}`];
  if (!value) throw new Error(`TEST_${name} is not set: the integration project's global setup sets it.`);
  return value;
}

/** One RSA key for the whole run: making one takes a noticeable time. */
const sessionKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});

/**
 * @param options.simulator what the GPU does, e.g. its faults
 * @param options.env replaces settings of API and worker
 * @param options.apiEnv of the API alone
 * @param options.workerEnv of the worker alone
 */
export async function startProduct(
  options: {
    simulator?: SimulatorOptions['config'];
    env?: Record<string, string>;
    apiEnv?: Record<string, string>;
    workerEnv?: Record<string, string>;
  } = {},
): Promise<Product> {
  const { db, drop } = await createTestDb(4);
  const [apiPort, workerPort] = [await getPort(), await getPort()];
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  const secret = randomBytes(24).toString('hex');
  const simulator = await startSimulator({
    apiBase: apiUrl,
    secret,
    ...(options.simulator ? { config: options.simulator } : {}),
  });
  const redisUrl = testRedisUrl();
  const env: Record<string, string> = {
    DATABASE_URL: db.url,
    REDIS_URL: redisUrl.href,
    S3_ENDPOINT: testServer('S3_ENDPOINT'),
    S3_REGION: testServer('S3_REGION'),
    S3_BUCKET: testServer('S3_BUCKET'),
    S3_ACCESS_KEY_ID: testServer('S3_ACCESS_KEY_ID'),
    S3_SECRET_ACCESS_KEY: testServer('S3_SECRET_ACCESS_KEY'),
    HOST: '127.0.0.1',
    ...NO_CALL_LIMITS,
    WEB_ORIGIN: 'http://localhost:3000',
    GPU_API_URL: apiUrl,
    TICKET_KEY: randomBytes(32).toString('hex'),
    GPU_PROFILE: 'nano',
    GPU_BACKEND: 'local',
    GPU_SERVER_URL: simulator.url,
    GPU_SERVER_SECRET: secret,
    AUTH_MODE: 'local',
    REGISTRATION: 'open',
    SESSION_PRIVATE_KEY: Buffer.from(sessionKey).toString('base64'),
    LOG_LEVEL: 'info',
    NODE_ENV: 'production',
    ...breakEnvironment(),
    ...options.env,
  };
  const api = await startProcess('api', { ...env, ...options.apiEnv, PORT: String(apiPort) }, `${apiUrl}/readyz`);
  const worker = await startProcess(
    'worker',
    { ...env, ...options.workerEnv, PORT: String(workerPort) },
    `http://127.0.0.1:${workerPort}/readyz`,
  );
  return {
    apiUrl,
    redisUrl: redisUrl.href,
    db,
    simulator,
    api,
    worker,
    createPerson: (name = 'Ada') => createPerson(apiUrl, name),
    async stop() {
      await Promise.all([api.kill('SIGTERM'), worker.kill('SIGTERM')]);
      await simulator.close();
      await drop();
    },
  };
}

/** Databases 1 to 15 of the shared server: files that run at the same time must not meet. */
export function testRedisUrl(): URL {
  const url = new URL(testServer('REDIS_URL'));
  url.pathname = `/${1 + (Number(process.env.VITEST_POOL_ID ?? 1) % 15)}`;
  return url;
}

async function createPerson(apiUrl: string, name: string): Promise<Person> {
  const answer = await fetch(`${apiUrl}/auth/local/sign-up`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      email: `${randomBytes(8).toString('hex')}@example.test`,
      password: 'a long enough password',
      displayName: name,
    }),
  });
  if (!answer.ok) throw new Error(`sign-up answered ${answer.status}: ${await answer.text()}`);
  const { token } = (await answer.json()) as { token: string };
  const session = createPixgenClient({ baseUrl: apiUrl, apiKey: token });
  const { secret: apiKey } = await session.account.createApiKey.mutate({ name: 'test' });
  const client = createPixgenClient({ baseUrl: apiUrl, apiKey });
  return { client, token, apiKey, userId: (await client.account.me.query()).id };
}

async function startProcess(
  name: 'api' | 'worker',
  env: Record<string, string>,
  readyUrl: string,
): Promise<ProductProcess> {
  mkdirSync(join(root, 'test-output'), { recursive: true });
  let child: ChildProcess | undefined;
  const handle: ProductProcess = {
    get pid() {
      return child?.pid ?? 0;
    },
    async kill(signal = 'SIGKILL') {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    },
    async gone() {
      if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return child?.exitCode ?? null;
    },
    async start() {
      const log = createWriteStream(join(root, 'test-output', `${name}-${process.env.VITEST_POOL_ID ?? 0}.log`), {
        flags: 'a',
      });
      // Only what the product is told counts: nothing of the developer's shell reaches it.
      child = spawn(process.execPath, ['src/main.ts'], {
        cwd: join(root, 'apps', name),
        env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let tail = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (chunk: Buffer) => {
          log.write(chunk);
          tail = (tail + chunk.toString()).slice(-4_000);
        });
      }
      await untilReady(readyUrl, child, () => tail);
    },
  };
  await handle.start();
  return handle;
}

async function untilReady(url: string, child: ChildProcess, tail: () => string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the process ended with ${child.exitCode}:\n${tail()}`);
    const ready = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} did not answer in time:\n${tail()}`);
}
