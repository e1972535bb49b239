import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';
import { STORES, type Stack, startStack } from './stack.ts';

const START_MS = 60_000; // the first one of a fresh clone installs the service binaries
const temporary = () => mkdtempSync(join(tmpdir(), 'pixgen-stack-test-'));

async function sql(stack: Stack<'postgres'>, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: stack.env.DATABASE_URL });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

function objects({ env }: Stack<'s3'>): S3Client {
  return new S3Client({
    endpoint: env.S3_ENDPOINT,
    region: env.S3_REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: env.S3_ACCESS_KEY_ID, secretAccessKey: env.S3_SECRET_ACCESS_KEY },
  });
}

function identities(stack: Stack): ProcessIdentity[] {
  return STORES.flatMap((name) => {
    const { pid } = stack.stores[name];
    return pid === undefined ? [] : [identify(pid, name)];
  });
}

it('starts all stores, and leaves no process and no file when stopped', { timeout: START_MS }, async () => {
  const stack = await startStack();
  const processes = identities(stack);
  expect(processes.filter(isRunning)).toHaveLength(3);
  await stack.stop();
  expect(processes.filter(isRunning)).toEqual([]);
  expect(existsSync(stack.folder.path)).toBe(false);
});

it('keeps what was stored over a stop and a second start', { timeout: START_MS }, async () => {
  const dataDir = temporary();
  const first = await startStack({ dataDir });
  await sql(first, `CREATE TABLE note AS SELECT 'kept' AS text`);
  const writer = new Redis(first.env.REDIS_URL);
  await writer.set('note', 'kept');
  writer.disconnect();
  await objects(first).send(new PutObjectCommand({ Bucket: first.env.S3_BUCKET, Key: 'note', Body: 'kept' }));
  await first.stop();

  await using second = await startStack({ dataDir });
  expect(second.env).toEqual(first.env);
  expect(await sql(second, 'SELECT text FROM note')).toEqual([{ text: 'kept' }]);
  const reader = new Redis(second.env.REDIS_URL);
  expect(await reader.get('note')).toBe('kept');
  reader.disconnect();
  const stored = await objects(second).send(new GetObjectCommand({ Bucket: second.env.S3_BUCKET, Key: 'note' }));
  expect(await stored.Body?.transformToString()).toBe('kept');
});

it('loses no object when the object store is killed', { timeout: START_MS }, async () => {
  await using stack = await startStack({ dataDir: temporary(), services: ['s3'] });
  const Bucket = stack.env.S3_BUCKET;
  for (const round of ['one', 'two', 'three']) {
    await objects(stack).send(new PutObjectCommand({ Bucket, Key: round, Body: round }));
    await stack.stores.s3.kill('SIGKILL');
    await stack.stores.s3.start();
  }
  for (const round of ['one', 'two', 'three']) {
    const stored = await objects(stack).send(new GetObjectCommand({ Bucket, Key: round }));
    expect(await stored.Body?.transformToString()).toBe(round);
  }
});

it('runs two stacks side by side, each on its own', { timeout: START_MS }, async () => {
  const stacks = await Promise.all([startStack({ services: ['postgres'] }), startStack({ services: ['postgres'] })]);
  const [left, right] = stacks;
  await sql(left, 'CREATE TABLE only_left ()');
  await expect(sql(right, 'SELECT * FROM only_left')).rejects.toThrow('does not exist');
  await Promise.all(stacks.map((stack) => stack.stop()));
});

it('can be killed and started again store by store, without loss', { timeout: START_MS }, async () => {
  await using stack = await startStack({ dataDir: temporary(), services: ['postgres'] });
  await sql(stack, `CREATE TABLE note AS SELECT 1 AS kept`);
  const { postgres } = stack.stores;
  const before = postgres.pid;
  await postgres.kill('SIGKILL');
  expect(postgres.pid).toBeUndefined();
  await postgres.start();
  expect(postgres.pid).not.toBe(before);
  expect(await sql(stack, 'SELECT kept FROM note')).toEqual([{ kept: 1 }]);
});

it('leaves no process when its own process is killed, and the next start finds all data', {
  timeout: START_MS,
}, async () => {
  const dataDir = temporary();
  const program = `
    const { startStack } = await import(${JSON.stringify(join(import.meta.dirname, 'stack.ts'))});
    await startStack({ dataDir: ${JSON.stringify(dataDir)} });
    console.log('up');
    setInterval(() => {}, 60_000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(createInterface(parent.stdout), 'line');
  const processes = JSON.parse(readFileSync(join(dataDir, 'run/processes.json'), 'utf8')) as ProcessIdentity[];
  expect(processes.filter(isRunning)).toHaveLength(3);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await expect.poll(() => processes.filter(isRunning), { timeout: 8_000 }).toEqual([]);

  await using again = await startStack({ dataDir, services: ['postgres'] });
  expect(await sql(again, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('stops the others and gives the folder back when one store cannot start', { timeout: START_MS }, async () => {
  const dataDir = temporary();
  await using holder = await startStack({ services: ['valkey'] });
  const port = Number(new URL(holder.env.REDIS_URL).port);
  const fixedPorts = { valkey: { port, setBy: 'the test' } };
  await expect(startStack({ dataDir, fixedPorts })).rejects.toThrow(`Port ${port} (the test) is already taken`);
  await using free = await startStack({ dataDir, services: ['postgres'] });
  expect(free.stores.postgres.pid).toBeDefined();
});
