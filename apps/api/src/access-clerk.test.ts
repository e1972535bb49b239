/**
 * The access matrix of mode `clerk`, as far as it differs: who somebody is comes from Clerk's tokens, accounts are made by the
 * first call, nobody signs in here, and Clerk's webhook opens by its signature alone.
 */
import { createHmac, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { newId } from '@pixgen/domain';
import { appRouter } from '@pixgen/trpc';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, fingerprint } from './access-world.ts';
import { PUBLIC_KEY_PEM, SESSION_PRIVATE_KEY, startTestApi, type TestApi } from './testing.ts';

const CLERK = 'https://clerk.studio.example';
const SECRET = Buffer.alloc(24, 'k').toString('base64');
/** For everybody, signed in or not: the matrix of mode `local` says what they tell. */
const PUBLIC = ['account.erasure', 'account.installation', 'account.setUpChecks', 'reports.file', 'reports.progress'];
/** What stays the right of a suspended person. */
const ALSO_SUSPENDED = ['account.standing', 'account.exportData', 'account.dataExport', 'account.erase'];
const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>);

let api: TestApi;
const routes: string[] = [];
const noteRoutes = (message: unknown) => {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) routes.push(`${name} ${url}`);
  });
};
beforeAll(async () => {
  subscribe('fastify.initialization', noteRoutes);
  api = await startTestApi({
    AUTH_MODE: 'clerk',
    CLERK_JWT_KEY: PUBLIC_KEY_PEM,
    CLERK_ISSUER: CLERK,
    CLERK_PUBLISHABLE_KEY: 'pk_test_abc',
    CLERK_WEBHOOK_SECRET: `whsec_${SECRET}`,
  });
  unsubscribe('fastify.initialization', noteRoutes);
});
afterAll(() => api.close());

/** A session token of Clerk's, as its browser code sends it. */
function tokenOf(subject: string): { authorization: string } {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: CLERK, sub: subject, sid: `sess_${subject}`, azp: 'https://studio.example' };
  const parts = [
    { alg: 'RS256', typ: 'JWT' },
    { ...claims, iat: now, nbf: now, exp: now + 600, v: 2 },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const key = createPrivateKey(Buffer.from(SESSION_PRIVATE_KEY, 'base64').toString());
  return { authorization: `Bearer ${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}` };
}

async function arrive(change: { role?: string; status?: string } = {}) {
  const subject = `user_${randomUUID()}`;
  const headers = tokenOf(subject);
  expect((await fetch(`${api.url}/api/v1/account`, { headers })).status).toBe(200);
  const { id } = await api.db.prisma.user.update({ where: { subject }, data: change });
  return { subject, headers, id };
}

async function call(path: string, headers: Record<string, string>, input?: object) {
  const type = procedures.find(([name]) => name === path)?.[1]._def.type;
  const query = input ? `?input=${encodeURIComponent(JSON.stringify(input))}` : '';
  const stream = type === 'subscription' ? { accept: 'text/event-stream' } : {};
  const answer =
    type === 'mutation'
      ? await api.post(`/trpc/${path}`, input ?? {}, headers)
      : await fetch(`${api.url}/trpc/${path}${query}`, { headers: { ...headers, ...stream } });
  if (type !== 'subscription') return { status: answer.status, body: await answer.text() };
  // tRPC refuses a subscription inside the stream.
  const reader = answer.body?.getReader();
  let body = '';
  while (reader && !body.includes('serialized-error')) {
    const { value, done } = await reader.read();
    body += Buffer.from(value ?? []).toString();
    if (done) break;
  }
  await reader?.cancel();
  return { status: Number(/"httpStatus":(\d+)/.exec(body)?.[1]), body };
}

it('every procedure that is not for everybody asks for a session of Clerk’s, and for one that is not suspended', async () => {
  const banned = await arrive({ status: 'suspended' });
  const asked = procedures.map(([path]) => path).filter((path) => !PUBLIC.includes(path));
  expect(asked.length).toBe(procedures.length - PUBLIC.length);
  for (const path of asked) {
    expect([path, (await call(path, {})).status]).toEqual([path, 401]);
    if (ALSO_SUSPENDED.includes(path)) continue;
    expect([path, (await call(path, banned.headers)).status]).toEqual([path, 403]);
  }
});

it('the administration is not there for members, nor for the keys of administrators', async () => {
  const [member, admin] = [await arrive(), await arrive({ role: 'admin' })];
  const made = await api.post('/trpc/account.createApiKey', { name: 'a program' }, admin.headers);
  const { result } = (await made.json()) as { result: { data: { secret: string } } };
  const key = { authorization: `Bearer ${result.data.secret}` };
  for (const [path] of procedures.filter(([name]) => name.startsWith('admin.'))) {
    expect([path, (await call(path, member.headers)).status]).toEqual([path, 404]);
    expect([path, (await call(path, key)).status]).toEqual([path, 404]);
  }
  expect((await call('admin.queues', admin.headers)).status).toBe(200);
});

it('what is another’s answers like what is not there', async () => {
  const [owner, other] = [await arrive(), await arrive()];
  const world = await createWorld(api, owner.id);
  const before = await fingerprint(api, owner.id);
  const named: [string, string][] = [
    ['models.get', world.modelId],
    ['models.delete', world.modelId],
    ['photos.delete', world.photoId],
    ['images.get', world.imageId],
    ['training.cancel', world.trainingId],
    ['generation.get', world.generationId],
    ['jobs.get', world.trainingJobId],
  ];
  for (const [path, id] of named) {
    const foreign = await call(path, other.headers, { id });
    expect([path, foreign.status]).toEqual([path, 404]);
    expect(foreign).toEqual(await call(path, other.headers, { id: newId() }));
  }
  expect(await fingerprint(api, owner.id)).toBe(before);
  expect((await call('models.get', owner.headers, { id: world.modelId })).status).toBe(200);
});

it('nobody signs in here, and nothing else is mounted that mode local does not have', () => {
  expect(routes.filter((route) => route.includes('/auth/'))).toEqual([]);
  expect(routes.filter((route) => route.includes('/webhooks/')).toSorted()).toEqual([
    'POST /webhooks/clerk',
    'POST /webhooks/gpu/:job/:attempt/:epoch',
  ]);
});

it('Clerk’s webhook opens by its signature alone: who is signed in makes no difference', async () => {
  const [person, admin] = [await arrive(), await arrive({ role: 'admin' })];
  const body = { type: 'user.deleted', data: { id: person.subject } };
  const before = await fingerprint(api, person.id);
  const answers = [];
  for (const headers of [{}, person.headers, admin.headers]) {
    const answer = await api.post('/webhooks/clerk', body, headers);
    answers.push(`${answer.status} ${await answer.text()}`);
  }
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toMatch(/^401 /);
  expect(await fingerprint(api, person.id)).toBe(before);
  const [id, timestamp, text] = [`msg_${randomUUID()}`, String(Math.floor(Date.now() / 1000)), JSON.stringify(body)];
  const signature = createHmac('sha256', Buffer.from(SECRET, 'base64')).update(`${id}.${timestamp}.${text}`);
  const headers = { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': `v1,${signature.digest('base64')}` };
  expect((await api.post('/webhooks/clerk', body, headers)).status).toBe(200);
  expect((await call('account.me', person.headers)).status).toBe(403);
});
