import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createTestDb, type TestDb } from '@pixgen/db/testing';
import { testStorageOptions } from '@pixgen/storage/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { testVariables } from './testing.ts';

const cwd = fileURLToPath(new URL('..', import.meta.url));
const running = new Set<ChildProcess>();
let db: TestDb;
let drop: () => Promise<void>;

beforeAll(async () => {
  ({ db, drop } = await createTestDb(2));
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});
afterAll(() => drop());

function environment(): Record<string, string> {
  const store = testStorageOptions();
  return {
    ...testVariables(db.url),
    PATH: process.env.PATH ?? '',
    S3_ENDPOINT: store.endpoint,
    S3_BUCKET: store.bucket,
    S3_ACCESS_KEY_ID: store.accessKeyId,
    PORT: '0',
    LOG_LEVEL: 'info',
  };
}

/** Starts the API as an operator would, and waits until it says where it listens. */
async function startMain(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  for await (const line of createInterface({ input: child.stdout })) {
    const { address } = JSON.parse(line) as { address?: string };
    if (address) return { child, url: address };
  }
  throw new Error('the API ended before it listened');
}

async function runSetUpLink(): Promise<{ token: string | null }> {
  const child = spawn(process.execPath, ['src/set-up-link.ts'], {
    cwd,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  return JSON.parse(output);
}

function post(url: string, body: object): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

it('the operator makes the first admin with the printed link, once', async () => {
  const { url } = await startMain();
  const { token } = await runSetUpLink();
  const body = { email: `${randomUUID()}@example.test`, password: 'a long password', displayName: 'Root', token };
  const answer = await post(`${url}/auth/local/set-up`, body);
  expect(answer.status).toBe(200);
  const session = (await answer.json()) as { token: string };
  const account = await fetch(`${url}/api/v1/account`, { headers: { authorization: `Bearer ${session.token}` } });
  expect(await account.json()).toMatchObject({ role: 'admin' });
  expect((await post(`${url}/auth/local/set-up`, { ...body, email: 'other@example.test' })).status).toBe(403);
  expect(await runSetUpLink()).toMatchObject({ token: null });
  const invite = await fetch(`${url}/api/v1/admin/invites`, {
    method: 'POST',
    headers: { authorization: `Bearer ${session.token}` },
  });
  expect(await invite.json()).toMatchObject({ code: expect.any(String) });
});

it.each(['SIGTERM', 'SIGINT'] as const)(
  '%s answers what is under way, ends open streams, and exits with 0',
  async (signal) => {
    const { child, url } = await startMain();
    const signedUp = await post(`${url}/auth/local/sign-up`, {
      email: `${randomUUID()}@example.test`,
      password: 'a long password',
      displayName: 'Ada',
    });
    const { token } = (await signedUp.json()) as { token: string };
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
    const stream = await fetch(`${url}/trpc/jobs.live?input=%7B%7D`, { headers });
    const reader = stream.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    // Hashing the password keeps this one busy while the signal arrives.
    const underWay = post(`${url}/auth/local/sign-up`, {
      email: `${randomUUID()}@example.test`,
      password: 'a long password',
      displayName: 'Eve',
    });
    await expect.poll(async () => (await fetch(`${url}/healthz`)).status).toBe(200);
    const exited = once(child, 'exit');
    child.kill(signal);
    expect((await underWay).status).toBe(200);
    expect(await exited).toEqual([0, null]);
  },
);
