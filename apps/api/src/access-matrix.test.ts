/**
 * Who may do what: every procedure, REST call and route against every identity. A procedure or a route that has no row
 * here fails the first tests, so that nothing can be added without deciding who may use it.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ERASE_PHRASE, ERASE_USER_PHRASE, newId } from '@pixgen/domain';
import { appRouter, createOpenApiDocument, listRestOperations } from '@pixgen/trpc';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPeople, createWorld, fingerprint, IDENTITIES, type Identity, type World } from './access-world.ts';
import { startTestApi, type TestApi } from './testing.ts';

type Input = Record<string, unknown> | undefined;
type Row =
  /** Anyone, signed in or not; tells nothing of anybody. */
  | { who: 'everybody' }
  /** `noProgram`: a person has to be signed in for it; an API key, whosever it is, gets 403. */
  /** Every active person, about themselves or about what all share. Naming what is another's gives nothing of it. */
  /** `alsoSuspended`: what stays the right of a suspended person. */
  | { who: 'oneself'; input?: (world: World) => Input; endsAccount?: true; noProgram?: true; alsoSuspended?: true }
  /** Whoever has a code that only its maker was given, signed in or not; it tells nothing of anybody. */
  | { who: 'holder'; input: (world: World) => Input }
  /** Anyone may say something; the answer is the same whatever they name, and nothing of anybody changes. */
  | { who: 'anyone'; input: (world: World) => Input }
  /** Only the owner. To everybody else it is not there: the same answer as for an id that does not exist. */
  | { who: 'owner'; input: (world: World) => Input; deleted?: 'model' | 'photo' | 'collection'; noProgram?: true }
  /** Administrators; to everybody else it is not there. */
  | { who: 'admin'; input?: (world: World) => Input; endsAccount?: true };

const key = () => ({ idempotencyKey: newId() });
const PROCEDURES: Record<string, Row> = {
  'account.installation': { who: 'everybody' },
  'account.setUpChecks': { who: 'everybody' },
  'account.me': { who: 'oneself' },
  'account.createApiKey': { who: 'oneself', input: () => ({ name: 'a program' }), noProgram: true },
  'account.apiKeys': { who: 'oneself' },
  'account.sessions': { who: 'oneself' },
  'account.endSession': { who: 'owner', input: ({ sessionId: id }) => ({ id }), noProgram: true },
  'account.endOtherSessions': { who: 'oneself', noProgram: true },
  'account.exportData': { who: 'oneself', alsoSuspended: true },
  'account.dataExport': { who: 'oneself', alsoSuspended: true },
  'account.erase': {
    who: 'oneself',
    input: () => ({ confirmation: ERASE_PHRASE, password: 'a long password' }),
    endsAccount: true,
    noProgram: true,
    alsoSuspended: true,
  },
  'account.erasure': { who: 'holder', input: ({ erasureCode: code }) => ({ code }) },
  'account.standing': { who: 'oneself', alsoSuspended: true },
  'account.revokeApiKey': { who: 'owner', input: ({ apiKeyId: id }) => ({ id }), noProgram: true },
  'admin.auditLog': { who: 'admin', input: () => ({}) },
  'admin.createInvite': { who: 'admin' },
  'admin.queues': { who: 'admin' },
  'admin.checks': { who: 'admin' },
  'admin.users.list': { who: 'admin', input: () => ({ search: 'nobody is called so' }) },
  'admin.users.update': { who: 'admin', input: ({ userId: id }) => ({ id, role: 'member' }) },
  'admin.users.erase': {
    who: 'admin',
    input: ({ userId: id }) => ({ id, confirmation: ERASE_USER_PHRASE }),
    endsAccount: true,
  },
  'admin.users.endSessions': { who: 'admin', input: ({ userId: id }) => ({ id }), endsAccount: true },
  'admin.users.passwordLink': { who: 'admin', input: ({ userId: id }) => ({ id }) },
  'admin.reports.list': { who: 'admin', input: () => ({}) },
  'admin.reports.clock': { who: 'admin' },
  'admin.reports.get': { who: 'admin', input: ({ reportId: id }) => ({ id }) },
  'admin.reports.decide': {
    who: 'admin',
    input: ({ reportId: id, imageId: targetId }) => ({ id, decision: 'take-down-picture', targetId }),
  },
  'admin.strikes.list': { who: 'admin', input: ({ userId }) => ({ userId }) },
  'admin.strikes.lift': { who: 'admin', input: ({ strikeId: id }) => ({ id }) },
  'admin.deadLetters.list': { who: 'admin', input: () => ({}) },
  'admin.deadLetters.get': { who: 'admin', input: ({ trainingJobId: id }) => ({ id }) },
  'admin.deadLetters.retry': { who: 'admin', input: ({ generationJobId }) => ({ ids: [generationJobId] }) },
  'bulk.start': {
    who: 'owner',
    input: ({ imageId }) => ({ kind: 'delete', selection: { ids: [imageId] }, ...key() }),
  },
  'bulk.list': { who: 'oneself' },
  'bulk.get': { who: 'owner', input: ({ downloadId: id }) => ({ id }) },
  'bulk.cancel': { who: 'owner', input: ({ deletionId: id }) => ({ id }) },
  'bulk.undo': { who: 'owner', input: ({ deletionId: id }) => ({ id, ...key() }) },
  'bulk.file': { who: 'owner', input: ({ downloadId: id }) => ({ id, file: 0 }) },
  'collections.list': { who: 'oneself' },
  'collections.deleted': { who: 'oneself' },
  'collections.create': { who: 'oneself', input: () => ({ name: 'Rain' }) },
  'collections.rename': { who: 'owner', input: ({ collectionId: id }) => ({ id, name: 'Renamed' }) },
  'collections.delete': { who: 'owner', input: ({ collectionId: id }) => ({ id }) },
  'collections.restore': { who: 'owner', input: ({ collectionId: id }) => ({ id }), deleted: 'collection' },
  'collections.add': { who: 'owner', input: ({ collectionId: id, imageId }) => ({ id, ids: [imageId] }) },
  'collections.take': { who: 'owner', input: ({ collectionId: id, imageId }) => ({ id, ids: [imageId] }) },
  'generation.start': { who: 'owner', input: ({ modelId }) => ({ modelId, prompt: 'rain', ...key() }) },
  'generation.cancel': { who: 'owner', input: ({ generationId: id }) => ({ id }) },
  'generation.retry': { who: 'owner', input: ({ generationId: id }) => ({ id, ...key() }) },
  'generation.get': { who: 'owner', input: ({ generationId: id }) => ({ id }) },
  'generation.outlook': { who: 'owner', input: ({ generationId: id }) => ({ id }) },
  'generation.prompts': { who: 'oneself', input: () => ({}) },
  'generation.list': { who: 'oneself', input: ({ modelId }) => ({ modelId }) },
  'images.list': { who: 'oneself', input: ({ modelId }) => ({ modelId }) },
  'images.get': { who: 'owner', input: ({ imageId: id }) => ({ id }) },
  'images.frames': { who: 'oneself', input: ({ modelId }) => ({ modelId }) },
  'images.count': { who: 'oneself', input: ({ modelId }) => ({ modelId }) },
  'images.byIds': { who: 'owner', input: ({ imageId }) => ({ ids: [imageId] }) },
  'images.neighbours': { who: 'owner', input: ({ imageId: id }) => ({ id }) },
  'images.rate': { who: 'owner', input: ({ imageId: id }) => ({ id, rating: 5 }) },
  'images.favourite': { who: 'owner', input: ({ imageId: id }) => ({ id, favourite: true }) },
  'images.delete': { who: 'owner', input: ({ imageId }) => ({ ids: [imageId] }) },
  'images.restore': { who: 'owner', input: ({ imageId }) => ({ ids: [imageId] }) },
  'images.download': { who: 'owner', input: ({ imageId: id }) => ({ id }) },
  'jobs.list': { who: 'oneself', input: () => ({}) },
  'jobs.get': { who: 'owner', input: ({ trainingJobId: id }) => ({ id }) },
  'jobs.live': { who: 'oneself', input: () => ({ lastEventId: '0' }) },
  'models.create': { who: 'oneself', input: () => ({ name: 'Rex', classWord: 'dog' }) },
  'models.update': { who: 'owner', input: ({ modelId: id }) => ({ id, name: 'Renamed' }) },
  'models.get': { who: 'owner', input: ({ modelId: id }) => ({ id }) },
  'models.list': { who: 'oneself', input: () => ({}) },
  'models.chooseWeights': { who: 'owner', input: ({ modelId: id, weightsId }) => ({ id, weightsId }) },
  'models.delete': { who: 'owner', input: ({ modelId: id }) => ({ id }) },
  'models.restore': { who: 'owner', input: ({ modelId: id }) => ({ id }), deleted: 'model' },
  'models.download': { who: 'owner', input: ({ modelId: id }) => ({ id }) },
  'models.erase': { who: 'owner', input: ({ modelId: id }) => ({ id }) },
  'packs.list': { who: 'oneself' },
  'packs.get': { who: 'oneself', input: () => ({ slug: 'matrix' }) },
  'packs.ordered': { who: 'owner', input: ({ trainingId }) => ({ trainingId }) },
  'packs.run': { who: 'owner', input: ({ modelId }) => ({ slug: 'matrix', modelId, ...key() }) },
  'photos.create': {
    who: 'owner',
    input: ({ modelId }) => ({ modelId, fileName: 'a.jpg', contentType: 'image/jpeg', sizeBytes: 10 }),
  },
  'photos.complete': { who: 'owner', input: ({ photoId: id }) => ({ id }) },
  'photos.list': { who: 'owner', input: ({ modelId }) => ({ modelId }) },
  'photos.delete': { who: 'owner', input: ({ photoId: id }) => ({ id }) },
  'photos.erase': { who: 'owner', input: ({ photoId: id }) => ({ id }) },
  'photos.restore': { who: 'owner', input: ({ photoId: id }) => ({ id }), deleted: 'photo' },
  'reports.file': {
    who: 'anyone',
    input: ({ imageId }) => ({ what: `/gallery/${imageId}`, reason: 'without-consent', words: 'That is me.' }),
  },
  'reports.progress': { who: 'holder', input: ({ reportCode: code }) => ({ code }) },
  'training.start': { who: 'owner', input: ({ modelId }) => ({ modelId, ...key() }) },
  'training.cancel': { who: 'owner', input: ({ trainingId: id }) => ({ id }) },
  'training.retry': { who: 'owner', input: ({ trainingId: id }) => ({ id, ...key() }) },
  'training.get': { who: 'owner', input: ({ trainingId: id }) => ({ id }) },
  'training.outlook': { who: 'owner', input: ({ trainingId: id }) => ({ id }) },
  'training.list': { who: 'oneself', input: ({ modelId }) => ({ modelId }) },
};

/** `everybody`: shows nothing of anybody. `ticket`: opened by a token or a signature, never by a session. */
type RouteRule = 'everybody' | 'procedures' | 'oneself' | 'owner' | 'admin' | 'ticket';
const ROUTES: [pattern: RegExp, rule: RouteRule][] = [
  [/^GET \/(healthz|readyz)$/, 'everybody'],
  [/^GET \/api\/v1\/(openapi\.json|docs.*)$/, 'everybody'],
  [/^POST \/auth\/local\/(sign-up|sign-in|set-up|sign-out|set-password)$/, 'everybody'],
  [/^POST \/auth\/local\/change-password$/, 'oneself'],
  // tRPC answers every other method with 405.
  [/^[A-Z]+ \/trpc\/:path$/, 'procedures'],
  // Questions of CORS, which are answered without looking at who asks.
  [/^OPTIONS \*$/, 'everybody'],
  [/^GET \/(i|p|s)\/:id$/, 'owner'],
  [/^POST \/gpu\/(claim|uploads)$/, 'ticket'],
  [/^POST \/webhooks\/gpu\/:job\/:attempt\/:epoch$/, 'ticket'],
  [/^[A-Z]+ \/admin\/queues(\/.*)?$/, 'admin'],
];

let api: TestApi;
let people: Awaited<ReturnType<typeof createPeople>>;
const routes: string[] = [];
const noteRoutes = (message: unknown) => {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) routes.push(`${name} ${url}`);
  });
};

beforeAll(async () => {
  subscribe('fastify.initialization', noteRoutes);
  api = await startTestApi();
  unsubscribe('fastify.initialization', noteRoutes);
  people = await createPeople(api);
  const packId = newId();
  await api.db.prisma.pack.create({ data: { id: packId, slug: 'matrix', name: 'Matrix', description: 'For a test' } });
  const version = { id: newId(), packId, version: 1, prompts: ['{subject} in rain'], negativePrompt: '' };
  await api.db.prisma.packVersion.create({ data: version });
  // An earlier file's list may still be there.
  await api.services.deps.live.cache.drop('packs');
});
afterAll(() => api.close());

type Answer = { status: number; body: string };
const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>;
const operations = listRestOperations(appRouter);

async function read(answer: Response): Promise<Answer> {
  if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) {
    return { status: answer.status, body: await answer.text() };
  }
  const reader = answer.body?.getReader();
  let body = '';
  // tRPC refuses a subscription inside the stream: the status stands in its error event.
  while (reader && !/event: connected[\s\S]*\n\n[\s\S]+\n\n/.test(body)) {
    const { value, done } = await reader.read();
    body += Buffer.from(value ?? []).toString();
    if (done) break;
  }
  await reader?.cancel();
  const refused = /event: serialized-error\ndata: (.*)/.exec(body)?.[1];
  return { status: refused ? JSON.parse(refused).data.httpStatus : answer.status, body };
}

/** The procedure over tRPC's own addresses. */
async function callTrpc(path: string, who: Identity, input: Input): Promise<Answer> {
  const type = procedures[path]?._def.type;
  const headers = { ...people.headers[who] };
  // As the typed client sends a call that takes nothing: alone in a batch.
  if (type === 'mutation' && input === undefined) return read(await api.post(`/trpc/${path}?batch=1`, {}, headers));
  if (type === 'mutation') return read(await api.post(`/trpc/${path}`, input, headers));
  if (type === 'subscription') headers.accept = 'text/event-stream';
  const query = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`;
  return read(await fetch(`${api.url}/trpc/${path}${query}`, { headers }));
}

/** The same over REST. */
async function callRest(path: string, who: Identity, input: Input = {}): Promise<Answer> {
  const operation = operations.find(({ procedure }) => procedure === path);
  if (!operation) throw new Error(`${path} has no REST call`);
  const { idempotencyKey, ...rest } = input;
  const headers: Record<string, string> = { ...people.headers[who] };
  if (typeof idempotencyKey === 'string') headers['idempotency-key'] = `"${idempotencyKey}"`;
  const address = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    return String(value);
  });
  if (operation.method === 'GET' || operation.method === 'DELETE') {
    const query = new URLSearchParams(
      Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)]),
    );
    return read(await fetch(`${api.url}/api/v1${address}?${query}`, { method: operation.method, headers }));
  }
  headers['content-type'] = 'application/json';
  const body = JSON.stringify(rest);
  return read(await fetch(`${api.url}/api/v1${address}`, { method: operation.method, headers, body }));
}

const absent = (world: World): World =>
  Object.fromEntries(Object.keys(world).map((name) => [name, newId()])) as unknown as World;
const isRefusal = ({ status }: Answer) => [401, 403, 404].includes(status);

/** Nobody but those who may reads or changes anything of the owner, and all that are refused hear the same. */
async function judge(row: Row, call: (who: Identity, input: Input) => Promise<Answer>): Promise<void> {
  if (row.who === 'everybody') {
    const bodies = await Promise.all(IDENTITIES.map((who) => call(who, undefined)));
    expect(new Set(bodies.map(({ status, body }) => `${status} ${body}`)).size).toBe(1);
    expect(bodies[0]?.status).toBe(200);
    return;
  }
  const endsAccount = (row.who === 'oneself' || row.who === 'admin') && row.endsAccount === true;
  const alsoSuspended = row.who === 'oneself' && row.alsoSuspended === true;
  if (endsAccount) people = await createPeople(api);
  const world = await createWorld(api, people.owner.userId);
  if (row.who === 'holder') {
    const answers = await Promise.all(IDENTITIES.map((who) => call(who, row.input(world))));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    for (const secret of [...Object.values(world), people.owner.userId, people.ownerEmail, 'anary'])
      expect(answers[0]?.body).not.toContain(secret);
    const unknown = await Promise.all(IDENTITIES.map((who) => call(who, { code: 'A'.repeat(43) })));
    expect(new Set(unknown.map(({ status }) => status))).toEqual(new Set([404]));
    return;
  }
  if (row.who === 'anyone') {
    const before = await fingerprint(api, people.owner.userId);
    const answers = await Promise.all(
      IDENTITIES.flatMap((who) => [call(who, row.input(world)), call(who, row.input(absent(world)))]),
    );
    // Fresh codes and times aside.
    const plain = ({ status, body }: Answer) =>
      `${status} ${body.replaceAll(/"[A-Za-z0-9_-]{43}"/g, 'CODE').replaceAll(/"\d{4}-\d\d-[^"]*Z"/g, 'TIME')}`;
    expect(new Set(answers.map(plain)).size).toBe(1);
    expect(answers[0]?.status, answers[0]?.body).toBe(200);
    for (const secret of [...Object.values(world), people.owner.userId, people.ownerEmail, 'anary'])
      for (const { body } of answers) expect(body).not.toContain(secret);
    expect(await fingerprint(api, people.owner.userId)).toBe(before);
    return;
  }
  const deletedAt = new Date();
  if (row.who === 'owner' && row.deleted === 'model')
    await api.db.prisma.model.update({ where: { id: world.modelId }, data: { deletedAt } });
  if (row.who === 'owner' && row.deleted === 'photo')
    await api.db.prisma.photo.update({ where: { id: world.photoId }, data: { deletedAt } });
  if (row.who === 'owner' && row.deleted === 'collection')
    await api.db.prisma.collection.update({ where: { id: world.collectionId }, data: { deletedAt } });
  const secrets = [...Object.values(world), people.owner.userId, people.ownerEmail, 'anary'];
  const before = await fingerprint(api, people.owner.userId);
  const input = () => row.input?.(world);
  const nothing = () => row.input?.(absent(world));

  expect((await call('anonymous', input())).status).toBe(401);
  if (!alsoSuspended) expect((await call('banned', input())).status).toBe(403);
  // Keys first: an account that was erased has none.
  const others = ['otherKey', 'adminKey', ...(alsoSuspended ? ['banned' as const] : []), 'other', 'admin'] as const;
  for (const who of others) {
    if (row.who === 'admin' && who === 'admin') continue;
    const answer = await call(who, input());
    if ('noProgram' in row && who.endsWith('Key')) {
      expect(answer.status, `${who}: ${answer.body}`).toBe(403);
      expect(answer).toEqual(await call(who, nothing()));
      continue;
    }
    if (row.who === 'oneself') expect(answer.status, `${who}: ${answer.body}`).toBe(200);
    else expect(answer).toEqual(await call(who, nothing()));
    if (row.who === 'admin') expect(answer.status).toBe(404);
    for (const secret of secrets) expect(answer.body).not.toContain(secret);
  }
  expect(await fingerprint(api, people.owner.userId)).toBe(before);

  const served = await call(row.who === 'admin' ? 'admin' : 'owner', input());
  expect(isRefusal(served), served.body).toBe(false);
  expect(served.status).toBeLessThan(500);
  if (endsAccount) people = await createPeople(api);
}

describe('every procedure', () => {
  it('has a row in the matrix, and every row a procedure', () => {
    expect(Object.keys(PROCEDURES).toSorted()).toEqual(Object.keys(procedures).toSorted());
  });

  it('says in the document who may call it, as the matrix has it', () => {
    const { paths } = createOpenApiDocument('0') as {
      paths: Record<string, Record<string, { operationId: string; security?: object[] }>>;
    };
    const documented = Object.values(paths).flatMap((methods) => Object.values(methods));
    const inDocument = documented.map(({ operationId, security }) => [operationId, security ?? 'as the rest']);
    const inMatrix = documented.map(({ operationId }) => {
      const row = PROCEDURES[operationId];
      const isForPeople = row?.who === 'admin' || (row !== undefined && 'noProgram' in row);
      const isForAll = row?.who === 'everybody' || row?.who === 'holder' || row?.who === 'anyone';
      return [operationId, isForPeople ? [{ session: [] }] : isForAll ? [] : 'as the rest'];
    });
    expect(inDocument).toEqual(inMatrix);
  });

  it.each(Object.entries(PROCEDURES))('%s over tRPC', (path, row) =>
    judge(row, (who, input) => callTrpc(path, who, input)),
  );

  it.each(operations.map(({ procedure }) => procedure))('%s over REST', (path) => {
    const row = PROCEDURES[path];
    if (!row) throw new Error(`${path} has no row`);
    return judge(row, (who, input) => callRest(path, who, input));
  });

  it('that stays a suspended person’s right is no right of their programs, nor of somebody who is being erased', async () => {
    const person = await api.signUp();
    const ask = (path: string, headers: Record<string, string>) => fetch(`${api.url}/trpc/${path}`, { headers });
    const made = await api.post('/trpc/account.createApiKey', { name: 'a program' }, person.headers);
    const { secret } = ((await made.json()) as { result: { data: { secret: string } } }).result.data;
    const program = { authorization: `Bearer ${secret}` };
    const stands = (status: string) => api.db.prisma.user.update({ where: { id: person.userId }, data: { status } });
    const answers = async () => {
      const both = [person.headers, program].map(async (headers) => (await ask('account.dataExport', headers)).status);
      return Promise.all(both);
    };
    expect(await answers()).toEqual([200, 200]);
    await stands('suspended');
    expect(await answers()).toEqual([200, 403]);
    expect((await ask('models.list?input=%7B%7D', person.headers)).status).toBe(403);
    await stands('erasing');
    expect(await answers()).toEqual([403, 403]);
    expect((await api.post('/trpc/account.exportData?batch=1', {}, person.headers)).status).toBe(403);
    expect(await api.db.prisma.dataExport.count({ where: { userId: person.userId } })).toBe(0);
  });

  it('of administrators answers like one that does not exist', async () => {
    const hidden = await callTrpc('admin.createInvite', 'other', undefined);
    const unknown = await read(await api.post('/trpc/admin.noSuchThing?batch=1', {}, people.headers.other));
    expect(hidden).toEqual(unknown);
  });
});

describe('every route', () => {
  /** REST calls are judged as procedures; HEAD is GET without a body. */
  const judged = () => {
    const rest = new Set(
      operations.map(({ method, path }) => `${method} /api/v1${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    return [...new Set(routes)].filter((route) => !route.startsWith('HEAD ') && !rest.has(route));
  };

  it('has a row in the matrix', () => {
    expect(routes.length).toBeGreaterThan(operations.length);
    expect(judged().filter((route) => !ROUTES.some(([pattern]) => pattern.test(route)))).toEqual([]);
  });

  it('of pictures is the owner’s, and an absent picture answers alike', async () => {
    const world = await createWorld(api, people.owner.userId);
    for (const [prefix, id] of [
      ['i', world.imageId],
      ['p', world.photoId],
      ['s', world.sampleId],
    ]) {
      const get = async (who: Identity, name = id, suffix = '') =>
        read(await fetch(`${api.url}/${prefix}/${name}${suffix}`, { headers: people.headers[who] }));
      expect((await get('anonymous')).status).toBe(401);
      expect((await get('banned')).status).toBe(403);
      for (const who of ['other', 'otherKey', 'admin', 'adminKey'] as const) {
        const answer = await get(who);
        expect(answer.status).toBe(404);
        expect([answer, await get(who, id, '?w=256')]).toEqual([
          await get(who, newId()),
          await get(who, newId(), '?w=256'),
        ]);
      }
      expect((await get('owner')).status).toBe(200);
    }
  });

  it('that changes a password is for who is signed in, for their own one, and proves the old one', async () => {
    const { owner } = people;
    const change = async (who: Identity, currentPassword: string) =>
      read(
        await api.post(
          '/auth/local/change-password',
          { currentPassword, password: 'seven quiet lighthouses' },
          people.headers[who],
        ),
      );
    const before = await fingerprint(api, owner.userId);
    expect((await change('anonymous', 'a long password')).status).toBe(401);
    expect((await change('banned', 'a long password')).status).toBe(403);
    for (const who of ['otherKey', 'adminKey'] as const)
      expect((await change(who, 'a long password')).status).toBe(403);
    for (const who of ['other', 'admin', 'owner'] as const) expect((await change(who, 'not it')).status).toBe(400);
    expect((await change('other', 'a long password')).status).toBe(200);
    const { failedCount } = await api.db.prisma.credential.findUniqueOrThrow({ where: { userId: owner.userId } });
    expect(failedCount).toBe(1);
    await api.db.prisma.credential.update({ where: { userId: owner.userId }, data: { failedCount: 0 } });
    expect((await change('owner', 'a long password')).status).toBe(200);
    expect(await fingerprint(api, owner.userId)).not.toBe(before);
    people = await createPeople(api);
  });

  it('of the queue board is not there but for administrators, whatever its address', async () => {
    for (const path of ['/admin/queues', '/admin/queues/', '/admin/queues/api/queues', '/admin/queues/static/x.js']) {
      const get = async (who: Identity, address: string) =>
        read(await fetch(api.url + address, { headers: people.headers[who] }));
      for (const who of ['anonymous', 'banned', 'other', 'otherKey', 'adminKey', 'owner'] as const) {
        expect(await get(who, path)).toEqual(await get(who, '/no/such/address'));
      }
    }
    expect((await fetch(`${api.url}/admin/queues`, { headers: people.headers.admin })).status).toBe(200);
  });

  it('of the GPU opens by ticket or signature only: who is signed in makes no difference', async () => {
    const world = await createWorld(api, people.owner.userId);
    const before = await fingerprint(api, people.owner.userId);
    const jobId = world.trainingJobId;
    const calls: [string, unknown][] = [
      ['/gpu/claim', { jobId, attempt: 1, token: '0'.repeat(64), callId: 'a-call' }],
      [
        '/gpu/uploads',
        {
          ...{ jobId, attempt: 1, claimEpoch: 1, token: '0'.repeat(64), purpose: 'weights', step: 1, imageId: null },
          ...{ contentType: 'application/octet-stream', sizeBytes: 3, sha256: `${'A'.repeat(43)}=` },
        },
      ],
      [`/webhooks/gpu/${jobId}/1/1`, { type: 'heartbeat', jobId, attempt: 1, claimEpoch: 1, phase: 'loading' }],
    ];
    for (const [path, body] of calls) {
      const answers = await Promise.all(
        IDENTITIES.map(async (who) => read(await api.post(path, body, people.headers[who]))),
      );
      expect(new Set(answers.map(({ status, body: text }) => `${status} ${text}`)).size).toBe(1);
      expect(answers[0]?.status, `${path} ${answers[0]?.body}`).toBe(401);
    }
    expect(await fingerprint(api, people.owner.userId)).toBe(before);
  });
});
