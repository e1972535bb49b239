/**
 * S9: words that must stay where they belong are sent through the main job and through everything that can be refused. Then logs,
 * everything that was ever said to Redis (queues, live events, counters), and the bodies of all refusals are searched.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimSecret, ticketToken } from '@pixgen/core';
import { CONSENT, newId } from '@pixgen/domain';
import { createPixgenClient } from '@pixgen/trpc/client';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryRoot } from '../stack/paths.ts';
import { type Person, type Product, startProduct } from '../testing/product.ts';
import { drawPhoto, hasEnded, until } from '../testing/studio.ts';
import { endOf, overhearRedis, readRedis } from '../testing/traces.ts';

const canary = (name: string): string => `canary-${name}-${randomBytes(6).toString('hex')}`;
const secrets = {
  ticketKey: randomBytes(32).toString('hex'),
  sessionKey: Buffer.from(
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  ).toString('base64'),
};
/** What a person gives, and what was made for them. */
const words: Record<string, string> = {
  email: `${canary('email')}@example.test`,
  password: canary('password'),
  displayName: canary('name'),
  modelName: canary('model'),
  fileName: `${canary('file')}.jpg`,
  exif: canary('exif'),
  gps: canary('gps'),
  prompt: canary('prompt'),
  refusedPrompt: canary('refused'),
  wrongToken: canary('token'),
  setUpToken: canary('set-up').padEnd(43, 'x').slice(0, 43),
  reportWords: canary('report'),
  reportContact: `${canary('contact')}@example.test`,
  invalidInput: canary('input'),
  unknownField: canary('field'),
  ticketKey: secrets.ticketKey,
  sessionKey: secrets.sessionKey.slice(100, 160),
  storeKey: process.env.TEST_S3_SECRET_ACCESS_KEY ?? 'none',
};

let product: Product;
let overheard: Awaited<ReturnType<typeof overhearRedis>>;
const refusals: string[] = [];
const logs = ['api', 'worker'].map((name) =>
  endOf(join(repositoryRoot, 'test-output', `${name}-${process.env.VITEST_POOL_ID ?? 0}.log`)),
);

beforeAll(async () => {
  const env = { TICKET_KEY: secrets.ticketKey, SESSION_PRIVATE_KEY: secrets.sessionKey, LOG_LEVEL: 'debug' };
  product = await startProduct({ env });
  overheard = await overhearRedis(product.redisUrl);
});
afterAll(async () => {
  overheard?.stop();
  await product?.stop();
});

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const answer = await fetch(product.apiUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  if (!answer.ok)
    refusals.push(
      `${path.replace(words.invalidInput ?? '', '')} ${[...answer.headers].join()} ${await answer.clone().text()}`,
    );
  return answer;
}

async function signUp(): Promise<Person> {
  const { email, password, displayName } = words;
  const answer = await post('/auth/local/sign-up', { email, password, displayName });
  const { token } = (await answer.json()) as { token: string };
  words.sessionToken = token.split('.')[2] ?? '';
  const session = createPixgenClient({ baseUrl: product.apiUrl, apiKey: token });
  const { secret: apiKey } = await session.account.createApiKey.mutate({ name: 'test' });
  words.apiKey = apiKey;
  const client = createPixgenClient({ baseUrl: product.apiUrl, apiKey });
  return { client, token, apiKey, userId: (await client.account.me.query()).id };
}

const signatureOf = (url: string): string => new URL(url).searchParams.get('X-Amz-Signature') ?? 'none';

async function runMainJob({ client }: Person): Promise<void> {
  const consent = { subject: 'not-a-person', accepted: true, adult: true, textVersion: CONSENT.version } as const;
  const model = await client.models.create.mutate({ name: words.modelName ?? '', classWord: 'dog', consent });
  for (let number = 0; number < 5; number += 1) {
    const exif = {
      IFD0: { Artist: words.exif ?? '' },
      IFD3: { GPSLatitude: '51/1 30/1 0/1', GPSAreaInformation: words.gps ?? '' },
    };
    const bytes = await sharp(await drawPhoto(number))
      .withExif(exif)
      .jpeg()
      .toBuffer();
    const file = { fileName: words.fileName ?? '', contentType: 'image/jpeg', sizeBytes: bytes.length } as const;
    const { photo, upload } = await client.photos.create.mutate({ modelId: model.id, ...file });
    words[`upload ${number}`] = signatureOf(upload.url);
    await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: new Uint8Array(bytes) });
    await client.photos.complete.mutate({ id: photo.id });
  }
  await until(
    () => client.photos.list.query({ modelId: model.id }),
    ({ items }) => items.every(({ state }) => state === 'ready'),
  );
  const training = await client.training.start.mutate({ modelId: model.id, preset: 'fast', idempotencyKey: newId() });
  await until(() => client.training.get.query({ id: training.id }), hasEnded);
  // What the worker gives a GPU, and what the API answers it: made from the key, stored nowhere.
  words.ticket = ticketToken(secrets.ticketKey, training.job.id, 1);
  words.claimSecret = claimSecret(secrets.ticketKey, training.job.id, 1, 1);
  const order = { modelId: model.id, prompt: words.prompt ?? '', idempotencyKey: newId() };
  const generation = await client.generation.start.mutate(order);
  await until(() => client.generation.get.query({ id: generation.id }), hasEnded);
  const { items } = await client.images.list.query({ modelId: model.id });
  expect(items.length).toBeGreaterThan(0);
  words.download = signatureOf((await client.images.download.query({ id: items[0]?.id ?? '' })).url);
}

/** Codes that open something for whoever has them: each is shown once, and written down nowhere but as a hash. */
async function makeCodes({ client, token, userId }: Person): Promise<void> {
  const { db, apiUrl } = product;
  const operator = await product.createPerson('Operator');
  await db.prisma.user.update({ where: { id: operator.userId }, data: { role: 'admin' } });
  const administration = createPixgenClient({ baseUrl: apiUrl, apiKey: operator.token });
  words.invite = (await administration.admin.createInvite.mutate()).code;
  words.passwordLink = (await administration.admin.users.passwordLink.mutate({ id: userId })).code;
  const { items } = await client.images.list.query({});
  const what = `/gallery/${items[0]?.id}`;
  const { reportWords, reportContact: contact } = words;
  const report = { what, reason: 'without-consent', words: reportWords, contact } as const;
  words.reportCode = (await client.reports.file.mutate(report)).code;
  expect(await client.reports.progress.mutate({ code: words.reportCode })).toMatchObject({ state: 'open' });
  const session = createPixgenClient({ baseUrl: apiUrl, apiKey: token });
  const spare = await session.models.create.mutate({ name: 'Spare', classWord: 'dog' });
  words.erasureCode = (await session.models.erase.mutate({ id: spare.id })).code;
  await until(
    () => session.account.erasure.mutate({ code: words.erasureCode ?? '' }),
    ({ state }) => state !== 'erasing',
  );
  const account = { email: `${canary('late')}@example.test`, password: 'a long enough password', displayName: 'Late' };
  await post('/auth/local/set-up', { ...account, token: words.setUpToken });
  await post('/auth/local/set-password', { token: words.passwordLink, password: '1234567890' });
}

/** Everything that answers with an error, each with something in it that must not come back or be written down. */
async function beRefused({ token, apiKey }: Person): Promise<void> {
  const { email, password, prompt, wrongToken, invalidInput, unknownField, refusedPrompt } = words;
  const own = { authorization: `Bearer ${apiKey}` };
  await post('/auth/local/sign-in', { email, password: `${password}-wrong` });
  await post('/auth/local/sign-up', { email, password, displayName: words.displayName });
  await post('/auth/local/sign-in', `{"email":"${email}`);
  await post('/api/v1/models', { name: 'x' }, { authorization: `Bearer ${wrongToken}`, cookie: `a=${wrongToken}` });
  await post('/api/v1/models', { name: [invalidInput], classWord: invalidInput, [`${unknownField}`]: 1 }, own);
  await post('/trpc/models.create', { name: { [`${unknownField}`]: invalidInput } }, own);
  await post(`/trpc/${invalidInput}.create`, {}, own);
  const order = { modelId: newId(), prompt, idempotencyKey: newId() };
  await post('/api/v1/generations', order, own);
  await post('/trpc/generation.start', { ...order, prompt: `${refusedPrompt} naked` }, own);
  await post('/gpu/claim', { jobId: newId(), attempt: 1, token: wrongToken, callId: 'a' });
  await post(`/webhooks/gpu/${newId()}/1/1`, { type: wrongToken }, { 'webhook-signature': `v1,${wrongToken}` });
  for (const path of ['/metrics', `/i/${invalidInput}`, `/p/${newId()}?w=${invalidInput}`, `/no/${invalidInput}`]) {
    const answer = await fetch(product.apiUrl + path, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.ok).toBe(false);
    refusals.push(`${path.split('?')[0]?.replace(invalidInput ?? '', '')} ${await answer.text()}`);
  }
}

it('no word of a person, no secret and no signature reaches a log, a queue or a refusal', async () => {
  const person = await signUp();
  await runMainJob(person);
  await makeCodes(person);
  await beRefused(person);
  expect(refusals.length).toBeGreaterThan(12);
  expect(Object.values(words).every((word) => word.length > 8)).toBe(true);
  const said = overheard.said();
  await readRedis(product.redisUrl, (place, text) => said.push(`${place} ${text}`));
  const lines = logs.flatMap(({ file, from }) => readFileSync(file).subarray(from).toString().split('\n'));
  expect(lines.length).toBeGreaterThan(10);
  // Queues, live events and counters went through here.
  expect(said.some((text) => text.includes('pixgen:'))).toBe(true);
  expect(said.some((text) => /\] "publish" /i.test(text))).toBe(true);
  for (const [name, word] of Object.entries(words)) {
    // Who sends a field that does not exist is told its name.
    const places = { log: lines, redis: said, refusal: name === 'unknownField' ? [] : refusals };
    const found = Object.entries(places).flatMap(([place, texts]) =>
      texts.filter((text) => text.includes(word)).map((text) => `${place}: ${text.slice(0, 400)}`),
    );
    expect([name, found.slice(0, 2)]).toEqual([name, []]);
  }
});
