import { randomUUID } from 'node:crypto';
import { TINY_JPEG } from '@pixgen/core/testing-world';
import { newId } from '@pixgen/domain';
import { createPixgenClient } from '@pixgen/trpc/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INTERNALS, startTestApi, type TestApi } from './testing.ts';

let api: TestApi;
let ada: Awaited<ReturnType<TestApi['signUp']>>;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.signUp();
});
afterAll(() => api.close());

const get = (path: string, headers: Record<string, string> = {}) => fetch(api.url + path, { headers });

describe('REST and the typed client reach the same procedures', () => {
  it('REST: body, path and query become the input', async () => {
    const made = await api.post('/api/v1/models', { name: 'Rex', classWord: 'dog' }, ada.headers);
    const model = (await made.json()) as { id: string };
    expect(made.status).toBe(200);
    const renamed = await fetch(`${api.url}/api/v1/models/${model.id}`, {
      method: 'PATCH',
      headers: { ...ada.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Rexy' }),
    });
    expect(await renamed.json()).toMatchObject({ id: model.id, name: 'Rexy' });
    expect(await (await get('/api/v1/models?limit=1&state=draft', ada.headers)).json()).toMatchObject({
      items: [{ id: model.id }],
    });
    expect((await get('/api/v1/images?favourite=true&deleted=false', ada.headers)).status).toBe(200);
    const deleted = await fetch(`${api.url}/api/v1/models/${model.id}`, { method: 'DELETE', headers: ada.headers });
    expect(deleted.status).toBe(200);
    const restored = await fetch(`${api.url}/api/v1/models/${model.id}/restore`, {
      method: 'POST',
      headers: ada.headers,
    });
    expect(await restored.json()).toMatchObject({ id: model.id, deletedAt: null });
  });

  it('the client works with an API key, batches, and streams without a key in any URL', async () => {
    const session = createPixgenClient({ baseUrl: api.url, apiKey: ada.token });
    const key = await session.account.createApiKey.mutate({ name: 'program' });
    const client = createPixgenClient({ baseUrl: api.url, apiKey: key.secret });
    const [me, models, packs] = await Promise.all([
      client.account.me.query(),
      client.models.list.query({}),
      client.packs.list.query(),
    ]);
    expect(me.id).toBe(ada.userId);
    expect(models.items.length + packs.items.length).toBeGreaterThanOrEqual(0);
    const urls: string[] = [];
    api.app.server.on('request', (request) => urls.push(request.url ?? ''));
    const heard: { type: string }[] = [];
    const failures: unknown[] = [];
    const stream = client.jobs.live.subscribe(
      {},
      {
        onData: (message) => heard.push('data' in message ? message.data : message),
        onError: (error) => failures.push(error),
      },
    );
    await expect.poll(() => heard.map((message) => message.type), { timeout: 10_000 }).toContain('hello');
    const photo = { type: 'photo', photoId: newId(), modelId: newId() } as const;
    await api.services.deps.live.publish([{ userId: ada.userId, message: photo }]);
    await expect.poll(() => heard, { timeout: 10_000 }).toContainEqual(photo);
    stream.unsubscribe();
    expect(failures).toEqual([]);
    expect(urls.length).toBeGreaterThan(0);
    for (const url of urls) expect(url).not.toMatch(/pxg_|Bearer|eyJ/);
  });
});

describe('refusals', () => {
  it('name the field and the limit, over REST and tRPC alike', async () => {
    const rest = await api.post('/api/v1/models', { name: '', classWord: 'dog' }, ada.headers);
    expect(rest.status).toBe(400);
    expect(await rest.json()).toMatchObject({ error: { code: 'INVALID_INPUT', fields: [{ path: 'name' }] } });
    const trpc = await api.post('/trpc/models.create', { name: '', classWord: 'dog' }, ada.headers);
    expect(trpc.status).toBe(400);
    expect(await trpc.json()).toMatchObject({
      error: { data: { appCode: 'INVALID_INPUT', fields: [{ path: 'name' }] } },
    });
  });

  it('are told in the language that is asked for, over every way in', async () => {
    const headers = { ...ada.headers, 'accept-language': 'de-CH,en;q=0.5' };
    const name = 'Zu klein: erwartet, dass string >=1 Zeichen hat';
    const rest = await api.post('/api/v1/models', { name: '', classWord: 'dog' }, headers);
    expect(rest.headers.get('content-language')).toBe('de');
    expect(await rest.json()).toMatchObject({ error: { message: `name: ${name}`, fields: [{ message: name }] } });
    const single = await api.post('/trpc/models.create', { name: 'Rex', classWord: '7' }, headers);
    const classWord = 'Nimm ein oder zwei einfache englische Wörter, etwa „woman“ oder „dog“.';
    expect(await single.json()).toMatchObject({
      error: { message: `classWord: ${classWord}`, data: { fields: [{ path: 'classWord', message: classWord }] } },
    });
    const id = encodeURIComponent(JSON.stringify({ 0: { id: newId() }, 1: { id: newId() } }));
    const batch = await get(`/trpc/models.get,jobs.get?batch=1&input=${id}`, headers);
    expect(await batch.json()).toMatchObject([
      { error: { message: 'Dieses Modell gibt es nicht.' } },
      { error: { message: 'Diesen Auftrag gibt es nicht.' } },
    ]);
    const body = { email: 'ada@example.test', password: 'not the right one' };
    const signIn = await api.post('/auth/local/sign-in', body, { 'accept-language': 'de' });
    expect(await signIn.json()).toMatchObject({ error: { message: expect.stringContaining('Passwort ist falsch') } });
    expect(await (await get('/nowhere', headers)).json()).toMatchObject({ error: { message: 'Hier gibt es nichts.' } });
    const program = await api.post('/api/v1/models', { name: '', classWord: 'dog' }, ada.headers);
    expect(await program.json()).toMatchObject({ error: { message: expect.stringContaining('Too small') } });
  });

  it('of a photo that is too large come before anything is signed', async () => {
    const photo = { modelId: newId(), fileName: 'a.jpg', contentType: 'image/jpeg', sizeBytes: 16 * 1024 * 1024 };
    const answer = await api.post('/api/v1/photos', photo, ada.headers);
    expect(await answer.json()).toMatchObject({
      error: { code: 'INVALID_INPUT', fields: [{ path: 'sizeBytes', message: 'A photo may be at most 15 MB.' }] },
    });
    const heic = await api.post('/api/v1/photos', { ...photo, sizeBytes: 10, contentType: 'image/heic' }, ada.headers);
    expect(await heic.json()).toMatchObject({ error: { fields: [{ path: 'contentType' }] } });
  });

  it.each<[string, number, () => Promise<Response>]>([
    ['no token', 401, () => get('/api/v1/account')],
    ['a foreign token', 401, () => get('/api/v1/account', { authorization: 'Bearer a.b.c' })],
    ['a token in a cookie', 401, () => get('/api/v1/account', { cookie: `__session=${ada.token}` })],
    ['a token in the URL', 401, () => get(`/api/v1/account?token=${ada.token}`)],
    ['an unknown address', 404, () => get('/wp-login.php', ada.headers)],
    ['an unknown procedure', 404, () => get('/trpc/nothing.here', ada.headers)],
    ['an absent model', 404, () => get(`/api/v1/models/${newId()}`, ada.headers)],
    ['an id that is none', 400, () => get('/api/v1/models/1%27%20OR%201', ada.headers)],
    ['a cursor that is none', 400, () => get('/api/v1/images?cursor=x', ada.headers)],
    [
      'an unknown field',
      400,
      () => api.post('/api/v1/models', { name: 'x', classWord: 'dog', userId: newId() }, ada.headers),
    ],
    [
      'a body that is no JSON',
      400,
      () =>
        fetch(`${api.url}/api/v1/models`, {
          method: 'POST',
          headers: { ...ada.headers, 'content-type': 'application/json' },
          body: '{',
        }),
    ],
    [
      'a body of another type',
      400,
      () =>
        fetch(`${api.url}/api/v1/models`, {
          method: 'POST',
          headers: { ...ada.headers, 'content-type': 'text/xml' },
          body: '<a/>',
        }),
    ],
    [
      'a body of 101 kB',
      413,
      () => api.post('/api/v1/models', { name: 'x'.repeat(101 * 1024), classWord: 'dog' }, ada.headers),
    ],
    [
      'JSON of depth 10,000',
      400,
      () =>
        fetch(`${api.url}/trpc/models.create`, {
          method: 'POST',
          headers: { ...ada.headers, 'content-type': 'application/json' },
          body: '['.repeat(10_000) + ']'.repeat(10_000),
        }),
    ],
  ])('%s: %i, a code, and no word of our insides', async (_, status, call) => {
    const answer = await call();
    const text = await answer.text();
    expect([answer.status, text]).toEqual([status, expect.not.stringMatching(INTERNALS)]);
    expect(JSON.parse(text)).toHaveProperty('error');
    expect(answer.headers.get('x-request-id')).toBeTruthy();
  });

  it('of a foreign and an absent model are the same bytes', async () => {
    const made = await api.post('/api/v1/models', { name: 'Rex', classWord: 'dog' }, ada.headers);
    const { id } = (await made.json()) as { id: string };
    const eve = await api.signUp();
    for (const path of [
      `/api/v1/models/${id}`,
      `/trpc/models.get?input=${encodeURIComponent(JSON.stringify({ id }))}`,
    ]) {
      const foreign = await get(path, eve.headers);
      const absent = await get(path.replace(id, newId()), eve.headers);
      expect([foreign.status, await foreign.text()]).toEqual([404, await absent.text()]);
    }
  });

  it('one request never runs more than ten procedures', async () => {
    const path = Array.from({ length: 11 }, () => 'account.me').join(',');
    expect((await get(`/trpc/${path}?batch=1&input=%7B%7D`, ada.headers)).status).toBe(400);
  });

  it('a suspended person is told so and gets nothing', async () => {
    const eve = await api.signUp();
    await api.db.prisma.user.update({ where: { id: eve.userId }, data: { status: 'suspended' } });
    const answer = await get('/api/v1/account', eve.headers);
    expect([answer.status, await answer.json()]).toEqual([
      403,
      expect.objectContaining({ error: expect.objectContaining({ code: 'ACCOUNT_SUSPENDED' }) }),
    ]);
    expect((await get(`/i/${newId()}`, eve.headers)).status).toBe(403);
  });
});

describe('the surroundings', () => {
  it('health answers at once, readiness names what it looked at', async () => {
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
    const ready = await get('/readyz');
    expect([ready.status, await ready.json()]).toEqual([
      200,
      {
        status: 'ok',
        checks: { database: 'ok', migrations: 'ok', redis: 'ok', storage: 'ok' },
        queueAgeMs: expect.any(Number),
      },
    ]);
  });

  it('the document describes every REST call, and its page loads nothing from elsewhere', async () => {
    const document = (await (await get('/api/v1/openapi.json')).json()) as {
      openapi: string;
      tags: { name: string }[];
      paths: Record<
        string,
        Record<
          string,
          {
            operationId: string;
            summary?: string;
            tags: string[];
            parameters: { name: string; in: string; schema: unknown }[];
          }
        >
      >;
    };
    expect(document.openapi).toBe('3.1.0');
    const used = Object.values(document.paths).flatMap((methods) => Object.values(methods).flatMap(({ tags }) => tags));
    expect(new Set(document.tags.map(({ name }) => name))).toEqual(new Set(used));
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, ...operation })),
    );
    expect(operations.length).toBeGreaterThanOrEqual(35);
    expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(operations.length);
    for (const { path, operationId, summary, parameters } of operations) {
      expect(summary ?? '', `${operationId} needs a line in packages/trpc/src/summaries.ts`).toMatch(/^[A-Z].{5,}/);
      const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name)).toEqual(
        named,
      );
      for (const parameter of parameters) expect(parameter.schema).toBeTypeOf('object');
    }
    const page = await get('/api/v1/docs/');
    expect(await page.text()).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(page.headers.get('content-security-policy')).toContain("connect-src 'self'");
  });

  it('answers carry the security headers, and another origin gets no permission', async () => {
    const answer = await get('/api/v1/packs', { ...ada.headers, origin: 'https://evil.example' });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const own = await get('/api/v1/packs', { ...ada.headers, origin: 'https://studio.example' });
    expect(own.headers.get('access-control-allow-origin')).toBe('https://studio.example');
    expect(own.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('calls of one address to the account routes are limited before any password is looked at', async () => {
    const small = await startTestApi({ AUTH_CALLS_PER_MINUTE: '3' });
    const attempt = () =>
      small.post(
        '/auth/local/sign-in',
        { email: 'nobody@example.test', password: 'x' },
        { 'x-forwarded-for': randomUUID() },
      );
    const statuses = [];
    for (let count = 0; count < 5; count += 1) statuses.push((await attempt()).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    const refused = await attempt();
    expect(await refused.json()).toMatchObject({ error: { code: 'RATE_LIMITED' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await small.close();
  });

  it('a request id of the web app is kept, a strange one is replaced', async () => {
    expect((await get('/healthz', { 'x-request-id': 'web-12345678' })).headers.get('x-request-id')).toBe(
      'web-12345678',
    );
    expect((await get('/healthz', { 'x-request-id': 'a'.repeat(65) })).headers.get('x-request-id')).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });
});

describe('pictures', () => {
  it.each([
    ['', 'the file as it is'],
    ['?w=128', 'a small version'],
  ])('that are something else are refused without a byte of them, and the refusal is not kept (%s)', async (query) => {
    const made = await api.post('/api/v1/models', { name: 'Rex', classWord: 'dog' }, ada.headers);
    const { id: modelId } = (await made.json()) as { id: string };
    const id = newId();
    const head = { id, userId: ada.userId, modelId, fileName: 'a.jpg', contentType: 'image/jpeg', sizeBytes: 3 };
    await api.db.prisma.photo.create({ data: { ...head, state: 'ready', sha256: 'x', width: 1, height: 1 } });
    const page = Buffer.from('<script>alert(document.domain)</script>');
    await api.services.deps.storage.write(`p/${ada.userId}/${modelId}/${id}.jpg`, page, 'text/html');
    const answer = await get(`/p/${id}${query}`, ada.headers);
    expect(answer.status).toBe(409);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
    expect(await answer.json()).toMatchObject({
      error: { code: 'STATE_CONFLICT', message: 'This picture is damaged and cannot be shown.' },
    });
  });

  it('go only to their owner, with an own cache, a version, and the sizes that the web app uses', async () => {
    const { deps } = api.services;
    const made = await api.post('/api/v1/models', { name: 'Rex', classWord: 'dog' }, ada.headers);
    const { id: modelId } = (await made.json()) as { id: string };
    const id = newId();
    const head = { id, userId: ada.userId, modelId, fileName: 'a.jpg', contentType: 'image/jpeg', sizeBytes: 3 };
    await api.db.prisma.photo.create({ data: { ...head, state: 'ready', sha256: 'x', width: 1, height: 1 } });
    await deps.storage.write(`p/${ada.userId}/${modelId}/${id}.jpg`, TINY_JPEG, 'image/jpeg');
    const answer = await get(`/p/${id}`, ada.headers);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect(TINY_JPEG.equals(await answer.bytes())).toBe(true);
    expect(answer.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    const etag = answer.headers.get('etag') ?? '';
    expect((await get(`/p/${id}`, { ...ada.headers, 'if-none-match': etag })).status).toBe(304);
    const eve = await api.signUp();
    for (const path of [`/p/${id}`, `/p/${id}?w=128`, `/i/${id}`]) {
      const refused = await get(path, { ...eve.headers, 'if-none-match': etag });
      expect([refused.status, refused.headers.get('cache-control')]).toEqual([404, 'no-store']);
    }
    expect((await get(`/p/${id}`)).status).toBe(401);
    expect(await (await get(`/p/${id}?w=129`, ada.headers)).json()).toMatchObject({
      error: { fields: [{ path: 'w' }] },
    });
  });
});
