/** S9 of mode `clerk`: what Clerk tells of a person reaches their row and nothing else, and goes with them. */
import { createHmac, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryRoot } from '../stack/paths.ts';
import { type Product, startProduct } from '../testing/product.ts';
import { until } from '../testing/studio.ts';
import { endOf, findTraces, overhearRedis, readRedis } from '../testing/traces.ts';

const canary = (name: string): string => `canary-${name}-${randomBytes(6).toString('hex')}`;
const secret = randomBytes(24).toString('base64');
const jwtKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });
/** What stands in a delivery; the first three are kept with the account. */
const words = {
  email: `${canary('email')}@example.test`,
  firstName: canary('first'),
  lastName: canary('last'),
  otherEmail: `${canary('other')}@example.test`,
  phone: canary('phone'),
  picture: canary('picture'),
  metadata: canary('metadata'),
  externalAccount: canary('external'),
  ofNoForm: canary('form'),
  webhookSecret: secret,
};

let product: Product;
let overheard: Awaited<ReturnType<typeof overhearRedis>>;
const answers: string[] = [];
const logs = ['api', 'worker'].map((name) =>
  endOf(join(repositoryRoot, 'test-output', `${name}-${process.env.VITEST_POOL_ID ?? 0}.log`)),
);

beforeAll(async () => {
  const clerk = {
    AUTH_MODE: 'clerk',
    CLERK_JWT_KEY: String(jwtKey),
    CLERK_ISSUER: 'https://clerk.studio.example',
    CLERK_PUBLISHABLE_KEY: 'pk_test_abc',
    CLERK_WEBHOOK_SECRET: `whsec_${secret}`,
  };
  product = await startProduct({ env: { LOG_LEVEL: 'debug' }, apiEnv: clerk });
  overheard = await overhearRedis(product.redisUrl);
});
afterAll(async () => {
  overheard?.stop();
  await product?.stop();
});

type Change = { key?: string; agoS?: number; body?: string };

/** As Clerk sends it. @returns the status */
async function deliver(event: unknown, { key = secret, agoS = 0, body = JSON.stringify(event) }: Change = {}) {
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1000) - agoS);
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(`${id}.${timestamp}.${body}`);
  const headers = {
    'content-type': 'application/json',
    'svix-id': id,
    'svix-timestamp': timestamp,
    'svix-signature': `v1,${signature.digest('base64')}`,
  };
  const answer = await fetch(`${product.apiUrl}/webhooks/clerk`, { method: 'POST', headers, body });
  answers.push(`${[...answer.headers].join()} ${await answer.text()}`);
  return answer.status;
}

const personOf = (subject: string) => ({
  id: subject,
  first_name: words.firstName,
  last_name: words.lastName,
  image_url: `https://img.clerk.example/${words.picture}`,
  primary_email_address_id: 'idn_1',
  email_addresses: [
    { id: 'idn_1', email_address: words.email },
    { id: 'idn_2', email_address: words.otherEmail },
  ],
  phone_numbers: [{ id: 'idn_3', phone_number: words.phone }],
  private_metadata: { note: words.metadata },
  external_accounts: [{ email_address: words.externalAccount }],
  updated_at: Date.now(),
});

it('a delivered person reaches no log, no queue and no answer, however the delivery ends, and goes with their account', async () => {
  const subject = `user_${randomBytes(8).toString('hex')}`;
  const created = { type: 'user.created', data: personOf(subject) };
  expect(await deliver(created)).toBe(200);
  expect(await deliver(created)).toBe(200);
  expect(await deliver({ ...created, type: 'user.updated' })).toBe(200);
  const { id: userId } = await product.db.prisma.user.findUniqueOrThrow({ where: { subject } });
  const kept = await findTraces(product, [words.email, words.firstName, words.lastName], { since: new Date() });
  expect(kept.map((trace) => trace.split(':')[0])).toEqual(['User']);
  // Signed, and of no use.
  const odd = { ...created, data: { ...created.data, email_addresses: words.ofNoForm } };
  for (const event of [odd, { ...created, type: 'organization.created' }, { type: words.ofNoForm, data: created.data }])
    expect(await deliver(event)).toBe(200);
  expect(await deliver(created, { body: `{"type":"user.created","data":"${words.ofNoForm}` })).toBe(401);
  // Of somebody else, too late, too large.
  expect(await deliver(created, { key: randomBytes(24).toString('base64') })).toBe(401);
  expect(await deliver(created, { agoS: 600 })).toBe(401);
  expect(await deliver({ ...created, padding: words.ofNoForm.repeat(20_000) })).toBe(413);
  expect(await deliver({ type: 'session.revoked', data: { id: `sess_${subject}`, user_id: subject } })).toBe(200);
  // The database is away: what the error quotes goes into the log.
  await product.db.pool.query('ALTER TABLE "User" RENAME TO "Elsewhere"');
  expect(await deliver({ ...created, type: 'user.updated' })).toBeGreaterThanOrEqual(500);
  await product.db.pool.query('ALTER TABLE "Elsewhere" RENAME TO "User"');
  expect(await deliver({ type: 'user.deleted', data: { id: subject, deleted: true } })).toBe(200);
  await until(
    () => product.db.prisma.user.findUnique({ where: { id: userId } }),
    (row) => row === null || row.email === null,
  );

  const said = overheard.said();
  await readRedis(product.redisUrl, (place, text) => said.push(`${place} ${text}`));
  const lines = logs.flatMap(({ file, from }) => readFileSync(file).subarray(from).toString().split('\n'));
  expect(lines.filter((line) => line.includes('request refused')).length).toBeGreaterThan(3);
  expect(said.length).toBeGreaterThan(10);
  for (const [name, word] of Object.entries(words)) {
    const places = { log: lines, redis: said, answer: answers };
    const found = Object.entries(places).flatMap(([place, texts]) =>
      texts.filter((text) => text.includes(word)).map((text) => `${place}: ${text.slice(0, 400)}`),
    );
    expect([name, found.slice(0, 2)]).toEqual([name, []]);
  }
  expect(await findTraces(product, Object.values(words), { since: new Date() })).toEqual([]);
});
