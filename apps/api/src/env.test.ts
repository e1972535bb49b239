import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { envSchema, readEnv } from './env.ts';
import { PUBLIC_KEY_PEM, testVariables } from './testing.ts';

const local = testVariables();
const { SESSION_PRIVATE_KEY: _, ...rest } = local;
const clerk: Record<string, string> = {
  ...rest,
  AUTH_MODE: 'clerk',
  CLERK_JWT_KEY: PUBLIC_KEY_PEM.replaceAll('\n', '\\n'),
  CLERK_ISSUER: 'https://clerk.studio.example',
  CLERK_PUBLISHABLE_KEY: 'pk_test_abc',
  CLERK_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 'k').toString('base64')}`,
};
const weakKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const complaint = (variables: Record<string, string>) => {
  try {
    readEnv(variables);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};
const required = [
  'DATABASE_URL',
  'REDIS_URL',
  'S3_ENDPOINT',
  'S3_BUCKET',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
  'WEB_ORIGIN',
  'GPU_API_URL',
  'GPU_PROFILE',
  'TICKET_KEY',
];

describe('the environment', () => {
  it('is read in both modes', () => {
    expect(readEnv(local)).toMatchObject({
      AUTH_MODE: 'local',
      PORT: 4000,
      REGISTRATION: 'open',
      WEB_ORIGIN: ['https://studio.example'],
    });
    expect(readEnv(clerk)).toMatchObject({ AUTH_MODE: 'clerk', CLERK_JWT_KEY: PUBLIC_KEY_PEM });
  });

  it.each([...required, 'AUTH_MODE', 'SESSION_PRIVATE_KEY'])(
    'without %s is refused, and so is an empty one',
    (name) => {
      const { [name]: _gone, ...without } = local;
      expect(complaint(without)).toContain(`${name} is missing`);
      expect(complaint({ ...local, [name]: '' })).toContain(`${name} is missing`);
    },
  );

  it.each(['CLERK_JWT_KEY', 'CLERK_ISSUER', 'CLERK_PUBLISHABLE_KEY', 'CLERK_WEBHOOK_SECRET'])(
    'in mode clerk without %s is refused',
    (name) => {
      const { [name]: _gone, ...without } = clerk;
      expect(complaint(without)).toContain(`${name} is missing`);
    },
  );

  it.each([
    ['TICKET_KEY', 'tiny9'],
    ['TICKET_KEY', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
    ['TICKET_KEY', 'change-me-change-me-change-me-change-me'],
    ['TICKET_KEY_PREVIOUS', 'tiny9'],
    ['TICKET_KEY_PREVIOUS', local.TICKET_KEY ?? ''],
    ['SESSION_PRIVATE_KEY_PREVIOUS', 'bm90IGEga2V5'],
    ['SESSION_PRIVATE_KEY_PREVIOUS', local.SESSION_PRIVATE_KEY ?? ''],
    ['S3_SECRET_ACCESS_KEY', 'minioadminminioadmin'],
    ['SESSION_PRIVATE_KEY', 'bm90IGEga2V5'],
    ['SESSION_PRIVATE_KEY', Buffer.from(weakKey).toString('base64')],
    ['WEB_ORIGIN', '*'],
    ['WEB_ORIGIN', 'https://studio.example/'],
    ['WEB_ORIGIN', 'https://studio.example,*'],
    ['WEB_ORIGIN', 'studio.test'],
    ['DATABASE_URL', 'mysql://127.0.0.1/x'],
    ['REDIS_URL', 'http://127.0.0.1'],
    ['GPU_API_URL', 'ftp://127.0.0.1'],
    ['GPU_PROFILE', 'huge'],
    ['AUTH_MODE', 'none'],
    ['REGISTRATION', 'anyone'],
    ['API_HOSTS', '*.studio.example'],
    ['API_HOSTS', 'api.studio.example:4000'],
    ['API_HOSTS', 'https://api.studio.example'],
    ['TRUSTED_PROXIES', 'true'],
    ['TRUSTED_PROXIES', '*'],
    ['TRUSTED_PROXIES', '0.0.0.0/0'],
    ['TRUSTED_PROXIES', '127.0.0.1,::/0'],
    ['SHED_AT_DELAY_MS', '-1'],
    ['STORAGE_PER_PERSON_GB', 'much'],
    ['QUEUE_BOARD', 'yes'],
    ['PORT', '70000'],
    ['PORT', 'http'],
    ['DB_POOL_SIZE', '0'],
    ['IMAGE_PRICE_MICRO_USD', '-1'],
    ['LOG_LEVEL', 'loud'],
  ])('with %s=%s is refused by name and without the value', (name, value) => {
    const text = complaint({ ...local, [name]: value });
    expect(text).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect(text.split('\n')).toHaveLength(2);
    if (value.length > 4) expect(text).not.toContain(value);
  });
});

it('a bad environment ends the process within 3 s of its own time, with code 1, naming the variable and never a value', async () => {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const env = { PATH: process.env.PATH ?? '', ...local, TICKET_KEY: 'canary-short-key' };
  // What the process itself needed: how long that takes on a busy machine says nothing.
  const meter =
    'process.on("exit", () => { const { user, system } = process.cpuUsage(); console.log("took", user + system, "us") })';
  const args = ['--import', `data:text/javascript,${encodeURIComponent(meter)}`, 'src/main.ts'];
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
  const [code] = await once(child, 'close');
  expect(code).toBe(1);
  expect(output).toContain('TICKET_KEY is too short');
  expect(output).not.toContain('canary');
  for (const secret of [local.SESSION_PRIVATE_KEY, local.S3_SECRET_ACCESS_KEY]) expect(output).not.toContain(secret);
  const took = Number(/took (\d+) us/.exec(output)?.[1]);
  expect(took / 1_000).toBeLessThan(3_000);
});

it('.env.example lists exactly the variables that are read, with defaults that are allowed and no secret', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const listed = Object.fromEntries(
    [...text.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  const known = new Set(envSchema.options.flatMap((option) => Object.keys(option.shape)));
  // For tests only: nobody should find it in an example.
  known.delete('CRASH_POINTS');
  expect(Object.keys(listed).toSorted()).toEqual([...known].toSorted());
  const filled = Object.fromEntries(Object.entries(listed).filter(([, value]) => value !== ''));
  expect(readEnv({ ...local, ...filled })).toMatchObject({ AUTH_MODE: 'local' });
  for (const name of Object.keys(listed).filter((one) => /KEY|SECRET|URL/.test(one))) expect(listed[name]).toBe('');
});
