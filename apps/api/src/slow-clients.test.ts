/** Clients that are slow, huge, deep or too many: each is turned away by name, and everybody else is served meanwhile. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createLogger } from '@pixgen/core';
import { afterEach, describe, expect, it } from 'vitest';
import { INTERNALS, startTestApi, type TestApi } from './testing.ts';

let api: TestApi;
afterEach(() => api.close());

/** A client that sends its beginning and then nothing; resolves with what the server said before it hung up. */
function open(head: string): { socket: Socket; answer: Promise<string> } {
  const { port } = new URL(api.url);
  const socket = connect(Number(port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  socket.write(head);
  return { socket, answer: once(socket, 'close').then(() => text) };
}

describe('slow clients', () => {
  it('200 half requests hold up nobody, and are hung up on when their time is over', async () => {
    api = await startTestApi({}, undefined, { requestMs: 3_000 });
    const { headers } = await api.signUp();
    const heads = [
      'GET /api/v1/models HTTP/1.1\r\nhost: a\r\nx-slow: ',
      'POST /api/v1/models HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 50000\r\n\r\n{"name":',
      'POST /webhooks/gpu/x/1/1 HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a":\r\n',
    ];
    const slow = Array.from({ length: 200 }, (_, index) => open(heads[index % heads.length] ?? ''));
    await expect.poll(() => countOf(api)).toBeGreaterThanOrEqual(200);
    const served = await Promise.all(
      Array.from({ length: 50 }, () => fetch(`${api.url}/api/v1/models`, { headers }).then(({ status }) => status)),
    );
    expect(new Set(served)).toEqual(new Set([200]));
    const answers = await Promise.all(slow.map(({ answer }) => answer));
    expect(answers.filter((text) => text !== '' && !/^HTTP\/1\.1 (408|400) /.test(text))).toEqual([]);
    expect(answers.join('')).not.toMatch(INTERNALS);
    expect((await fetch(`${api.url}/api/v1/models`, { headers })).status).toBe(200);
  });

  it('10 MB and JSON of 33 levels are refused on every kind of route, with and without a session', async () => {
    api = await startTestApi();
    const { headers } = await api.signUp();
    const routes = [
      '/api/v1/models',
      '/trpc/models.create',
      '/trpc/models.create?batch=1',
      '/auth/local/sign-in',
      '/gpu/claim',
    ];
    const nested = (depth: number) => `${'{"a":['.repeat(depth / 2)}1${']}'.repeat(depth / 2)}`;
    const post = async (path: string, body: string) => {
      const answer = await fetch(api.url + path, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
      }).catch(() => null);
      return answer === null ? null : { status: answer.status, text: await answer.text() };
    };
    for (const path of routes) {
      // The connection may end while the rest is still being sent.
      const huge = await post(path, JSON.stringify({ name: 'x'.repeat(10 * 1024 * 1024) }));
      expect([path, huge?.status ?? 413]).toEqual([path, 413]);
      for (const depth of [34, 10_000]) {
        const deep = await post(path, nested(depth));
        expect([path, depth, deep?.status]).toEqual([path, depth, 400]);
        expect(deep?.text).toContain('nested more than 32 levels deep');
      }
      // What only looks deep is read.
      const text = JSON.stringify({ name: `"\\${'['.repeat(100)}`, classWord: '{'.repeat(50) });
      expect((await post(path, text))?.text).not.toContain('nested');
    }
  });

  it('a process that comes late turns requests away with Retry-After, not its probes, and heals by itself', async () => {
    api = await startTestApi({ SHED_AT_DELAY_MS: '100' });
    const get = (path: string) => fetch(api.url + path);
    expect((await get('/api/v1/openapi.json')).status).toBe(200);
    // Nothing of this process runs meanwhile.
    const busy = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900);
    let refused: Response | undefined;
    await expect
      .poll(async () => {
        busy();
        refused = await get('/api/v1/openapi.json');
        return refused.status;
      })
      .toBe(503);
    expect(refused?.headers.get('retry-after')).toBe('2');
    expect(await refused?.json()).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    expect((await get('/healthz')).status).toBe(200);
    await expect.poll(async () => (await get('/api/v1/openapi.json')).status).toBe(200);
  });
});

describe('a handler that hangs', () => {
  it('is answered for when its time is over, once, and later answers of it harm nothing', async () => {
    const lines: string[] = [];
    const log = createLogger('warn', { destination: { write: (line) => void lines.push(line) } });
    // Long enough for the sign-up of a busy machine.
    api = await startTestApi({}, log, { handlerMs: 3_000 });
    const { headers } = await api.signUp();
    const get = () => fetch(`${api.url}/api/v1/models`, { headers });
    const lock = await api.db.pool.connect();
    try {
      await lock.query('BEGIN; LOCK TABLE "Model" IN ACCESS EXCLUSIVE MODE');
      const hung = await get();
      expect([hung.status, hung.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await hung.json()).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    } finally {
      await lock.query('ROLLBACK');
      lock.release();
    }
    await expect.poll(async () => (await get()).status, { timeout: 20_000 }).toBe(200);
    expect(lines.filter((line) => /"level":(50|60)|ERR_HTTP_HEADERS_SENT/.test(line))).toEqual([]);
  });
});

function countOf({ app }: TestApi): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

describe('a body that is not said to be JSON', () => {
  it('is not read, since pages of other sites may send text without asking', async () => {
    api = await startTestApi();
    const { headers } = await api.signUp();
    for (const path of [
      '/trpc/models.create',
      '/trpc/models.create?batch=1',
      '/api/v1/models',
      '/auth/local/sign-out',
    ]) {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a', '']) {
        const body = path.includes('batch') ? '{"0":{"name":"x","classWord":"dog"}}' : '{"name":"x","classWord":"dog"}';
        const answer = await fetch(api.url + path, {
          method: 'POST',
          headers: { ...headers, 'content-type': type },
          body: Buffer.from(body),
        });
        expect([path, type, answer.status]).toEqual([path, type, 400]);
      }
    }
    expect(await api.db.prisma.model.count()).toBe(0);
  });
});
