/**
 * S4: API, worker and web app are started for real, each time with one wrong variable. Each ends by itself with 1, names the
 * variable, shows no value, and needs less than three seconds of the processor for it, whatever else the machine does.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repositoryRoot } from '../stack/paths.ts';
import { COMPILE_CACHE } from '../stack/process.ts';

type Variables = Record<string, string>;
const MAX_MS = 3_000;
const pem = (modulusLength: number) =>
  Buffer.from(
    generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  ).toString('base64');
const random = () => randomBytes(24).toString('base64');
const stores = {
  DATABASE_URL: `postgresql://pixgen:${random().replaceAll(/\W/g, '')}@127.0.0.1:1/pixgen`,
  REDIS_URL: `redis://:${random().replaceAll(/\W/g, '')}@127.0.0.1:1`,
  S3_ENDPOINT: 'http://127.0.0.1:1',
  S3_BUCKET: 'pixgen',
  S3_ACCESS_KEY_ID: 'access',
  S3_SECRET_ACCESS_KEY: random(),
  GPU_API_URL: 'http://127.0.0.1:1',
  GPU_PROFILE: 'nano',
  TICKET_KEY: random(),
  PORT: '0',
};
const GOOD: Record<'api' | 'worker' | 'web', Variables> = {
  api: {
    ...stores,
    WEB_ORIGIN: 'https://studio.example',
    AUTH_MODE: 'local',
    SESSION_PRIVATE_KEY: pem(2048),
  },
  worker: { ...stores, GPU_BACKEND: 'local', GPU_SERVER_URL: 'http://127.0.0.1:1', GPU_SERVER_SECRET: random() },
  web: {
    API_URL: 'http://127.0.0.1:1',
    PUBLIC_URL: 'http://localhost:3000',
    UPLOAD_ORIGIN: 'http://127.0.0.1:1',
    AUTH_MODE: 'local',
  },
};
/** An empty value counts as a missing one. */
const WRONG: Record<keyof typeof GOOD, [name: string, value: string][]> = {
  api: [
    ['DATABASE_URL', ''],
    ['DATABASE_URL', 'mysql://root:canary-Xk2@127.0.0.1/x'],
    ['REDIS_URL', 'canary-redis'],
    ['S3_BUCKET', ''],
    ['S3_SECRET_ACCESS_KEY', 'minioadminminioadmin'],
    ['WEB_ORIGIN', '*'],
    ['TRUSTED_PROXIES', '0.0.0.0/0'],
    ['API_HOSTS', 'https://canary.example'],
    ['GPU_API_URL', 'ftp://canary'],
    ['GPU_PROFILE', 'canary-huge'],
    ['TICKET_KEY', 'canary-short'],
    ['TICKET_KEY', 'change-me-change-me-change-me-change-me'],
    ['TICKET_KEY_PREVIOUS', stores.TICKET_KEY],
    ['SESSION_PRIVATE_KEY', ''],
    ['SESSION_PRIVATE_KEY', pem(1024)],
    ['SESSION_PRIVATE_KEY_PREVIOUS', 'canary-no-key'],
    ['AUTH_MODE', 'canary-none'],
    ['REGISTRATION', 'canary-anyone'],
    ['PORT', '99999'],
    ['SHED_AT_DELAY_MS', '-1'],
    ['QUEUE_BOARD', 'canary-yes'],
    ['LOG_LEVEL', 'canary-loud'],
  ],
  worker: [
    ['DATABASE_URL', ''],
    ['DATABASE_URL', 'mysql://root:canary-Xk2@127.0.0.1/x'],
    ['REDIS_URL', 'canary-redis'],
    ['S3_SECRET_ACCESS_KEY', 'minioadminminioadmin'],
    ['TICKET_KEY', 'canary-short'],
    ['TICKET_KEY', 'k'.repeat(40)],
    ['GPU_API_URL', 'canary-nowhere'],
    ['GPU_PROFILE', 'canary-huge'],
    ['GPU_BACKEND', 'canary-cloud'],
    ['GPU_SERVER_URL', ''],
    ['GPU_SERVER_SECRET', 'canary-short'],
    ['CLERK_SECRET_KEY', 'canary-no-clerk'],
    ['QUEUE_STUCK_MS', '1'],
  ],
  web: [
    ['API_URL', ''],
    ['API_URL', 'ftp://canary'],
    ['PUBLIC_URL', 'canary-nowhere'],
    ['UPLOAD_ORIGIN', ''],
    ['AUTH_MODE', 'canary-none'],
    ['CLERK_PUBLISHABLE_KEY', 'canary-key'],
    ['PSEUDO_LOCALE', 'canary-maybe'],
  ],
};
const START: Record<keyof typeof GOOD, string[]> = {
  api: ['src/main.ts'],
  worker: ['src/main.ts'],
  // What Next runs first in a server that was built, and all of it that looks at the environment.
  web: ['--input-type=module-typescript', '-e', "(await import('./src/env.ts')).stopOnWrongEnv()"],
};
/** The process says itself what it needed: how long that takes on a busy machine says nothing. */
const METER = `data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => { const { user, system } = process.cpuUsage(); process.stdout.write("took " + (user + system) + " us") })',
)}`;

it.each(
  Object.entries(WRONG).flatMap(([app, cases]) =>
    cases.map(([name, value]) => [app as keyof typeof GOOD, name, value] as const),
  ),
)('%s with a wrong %s ends with 1 and names it, and nothing else', async (app, name, value) => {
  const env = {
    PATH: process.env.PATH ?? '',
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    NEXT_RUNTIME: 'nodejs',
    ...GOOD[app],
    [name]: value,
  };
  const child = spawn(process.execPath, ['--import', METER, ...START[app]], {
    cwd: join(repositoryRoot, 'apps', app),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
  const [code] = await once(child, 'close');
  expect([code, output]).toEqual([1, expect.stringContaining(name)]);
  expect(output).not.toMatch(/canary/);
  const secrets = Object.entries(GOOD[app]).filter(([one]) => /KEY|SECRET|DATABASE|REDIS/.test(one));
  for (const [, secret] of secrets) expect(output).not.toContain(secret);
  if (value.length > 12) expect(output).not.toContain(value);
  expect(Number(/took (\d+) us/.exec(output)?.[1]) / 1_000).toBeLessThan(MAX_MS);
});

it('they start with the same variables in their right form', async () => {
  for (const app of ['api', 'worker'] as const) {
    const child = spawn(process.execPath, START[app], {
      cwd: join(repositoryRoot, 'apps', app),
      env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE, LOG_LEVEL: 'info', ...GOOD[app] },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect([app, line.toString()]).toEqual([app, expect.stringMatching(/^\{"level":/)]);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
});
