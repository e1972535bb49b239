/** The worker as an operator runs it, with every store away: it stays, and what it writes down gives nothing away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const cwd = fileURLToPath(new URL('..', import.meta.url));

it('with its stores away the worker goes on trying, and no password or driver’s extra stands in its log', async () => {
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd,
    env: {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: 'postgresql://pixgen:canary-database@127.0.0.1:1/pixgen',
      REDIS_URL: 'redis://:canary-redis@127.0.0.1:1',
      S3_ENDPOINT: 'http://127.0.0.1:1',
      S3_BUCKET: 'pixgen',
      S3_ACCESS_KEY_ID: 'canary-access',
      S3_SECRET_ACCESS_KEY: 'canary-Qf7xVb2Lw9Tz',
      GPU_API_URL: 'http://127.0.0.1:1',
      TICKET_KEY: 'canary-Qf7xVb2Lw9TzKq4mRn8sPd3hGj6c',
      GPU_PROFILE: 'nano',
      GPU_BACKEND: 'local',
      GPU_SERVER_URL: 'http://127.0.0.1:1',
      PORT: '0',
      LOG_LEVEL: 'debug',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk));
  const exited = once(child, 'exit');
  await expect.poll(() => [...text.matchAll(/"err":\{/g)].length, { timeout: 60_000 }).toBeGreaterThan(20);
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
  await exited;
  const records = text
    .slice(0, text.lastIndexOf('\n'))
    .split('\n')
    .map((line) => JSON.parse(line) as { err?: object });
  const fields = new Set(records.flatMap(({ err }) => Object.keys(err ?? {})));
  expect([...fields].filter((name) => !['name', 'code', 'message', 'stack', 'cause'].includes(name))).toEqual([]);
  expect(text).toMatch(/ECONNREFUSED/);
  expect(text).not.toContain('canary');
});
