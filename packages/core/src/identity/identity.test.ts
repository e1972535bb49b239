import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import type { SessionAnswer } from '@pixgen/domain';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiKey, listApiKeys, revokeApiKey } from '../account/api-keys.ts';
import { createInvite } from '../account/create-invite.ts';
import { getInstallation } from '../account/get-account.ts';
import { updateUser } from '../admin/users.ts';
import type { Deps } from '../deps.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { type Authenticator, createAuthenticator } from './authenticator.ts';
import { receiveClerkEvent } from './clerk-events.ts';
import { createSessionIssuer, LOCAL_ISSUER } from './session-issuer.ts';
import { createSessionVerifier } from './session-verifier.ts';
import { issueSetUpLink, setUp } from './set-up.ts';
import { signIn } from './sign-in.ts';
import { signOut } from './sign-out.ts';
import { signUp } from './sign-up.ts';
import type { IdentityDeps } from './start-session.ts';

const ORIGIN = 'https://studio.example';
const CLERK = 'https://clerk.studio.example';
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const issuer = createSessionIssuer({ privateKey, authorizedParty: ORIGIN });
const PASSWORD = 'correct horse battery';

let stack: TestDeps;
let deps: Deps;
let identity: IdentityDeps;
let authenticator: Authenticator;
const clerkDeps = (): Deps => ({ ...deps, config: { ...deps.config, auth: { ...deps.config.auth, mode: 'clerk' } } });
const withRegistration = (registration: 'closed' | 'invite' | 'open'): IdentityDeps => ({
  ...identity,
  config: { ...deps.config, auth: { ...deps.config.auth, registration } },
});
const verifierOf = (iss: string) =>
  createSessionVerifier({ publicKeyPems: [issuer.publicKeyPem], issuer: iss, authorizedParties: [ORIGIN] });

beforeAll(async () => {
  stack = await createTestDeps();
  deps = stack.deps;
  identity = { ...deps, issuer, address: '192.0.2.1' };
  authenticator = createAuthenticator(deps, { verifier: verifierOf(LOCAL_ISSUER), adminSubject: null });
});
afterAll(() => stack.close());

const newEmail = () => `${randomUUID()}@example.test`;
const person = (email = newEmail()) => ({ email, password: PASSWORD, displayName: 'Ada' });
const bearer = (answer: SessionAnswer) => `Bearer ${answer.token}`;
const codeOf = (error: unknown) => (error as { code?: string }).code;
const outcomes = async (calls: Promise<unknown>[]) =>
  (await Promise.allSettled(calls)).map((result) => (result.status === 'fulfilled' ? 'ok' : codeOf(result.reason)));
const count = (all: unknown[], one: unknown) => all.filter((item) => item === one).length;

describe('an account of our own issuer', () => {
  it('signs up, is known by its token, signs in again, and signs out for good', async () => {
    const { email, ...rest } = person();
    const first = await signUp(identity, { email, ...rest });
    const actor = await authenticator.authenticate(bearer(first));
    expect(actor).toMatchObject({ role: 'member', status: 'active', via: 'session' });
    const second = await signIn(identity, { email, password: PASSWORD });
    expect((await authenticator.authenticate(bearer(second)))?.userId).toBe(actor?.userId);
    await signOut(deps, authenticator, bearer(first));
    await signOut(deps, authenticator, bearer(first));
    await signOut(deps, authenticator, 'Bearer nonsense');
    expect(await authenticator.authenticate(bearer(first))).toBeNull();
    expect(await authenticator.authenticate(bearer(second))).not.toBeNull();
  });

  it('counts as signed out when its session is unknown, over, or belongs to someone else', async () => {
    const mine = await signUp(identity, person());
    const subject = (await deps.db.prisma.user.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })).subject;
    const expiresAt = new Date(Date.now() + 60_000);
    const forSession = async (sessionId: string) => `Bearer ${await issuer.issue({ subject, sessionId, expiresAt })}`;
    expect(await authenticator.authenticate(await forSession('sess_unknown'))).toBeNull();
    const claims = await authenticator.readSession(bearer(await signUp(identity, person())));
    expect(await authenticator.authenticate(await forSession(claims?.sessionId ?? ''))).toBeNull();
    const own = await authenticator.readSession(bearer(mine));
    await deps.db.prisma.session.update({ where: { id: own?.sessionId ?? '' }, data: { expiresAt: new Date() } });
    expect(await authenticator.authenticate(bearer(mine))).toBeNull();
  });

  it('that is suspended is recognised and not active, with its very next call', async () => {
    const answer = await signUp(identity, person());
    const actor = await authenticator.authenticate(bearer(answer));
    await deps.db.prisma.user.update({ where: { id: actor?.userId ?? '' }, data: { status: 'suspended' } });
    expect(await authenticator.authenticate(bearer(answer))).toMatchObject({ status: 'suspended' });
  });

  it('takes an e-mail address once, whatever its case, also in parallel', async () => {
    const email = newEmail();
    const results = await outcomes([1, 2, 3, 4].map(() => signUp(identity, person(email))));
    expect(count(results, 'ok')).toBe(1);
    expect(count(results, 'EMAIL_TAKEN')).toBe(3);
  });

  it('answers alike for a wrong password, an unknown address and an account at rest', async () => {
    const email = newEmail();
    await signUp(identity, person(email));
    const attempt = (address: string) =>
      signIn(identity, { email: address, password: 'a wrong password' }).catch((error: unknown) => error);
    const wrong = await attempt(email);
    expect(codeOf(wrong)).toBe('UNAUTHENTICATED');
    expect(await attempt(newEmail())).toEqual(wrong);
    // Ten tries in parallel use up what this network may: the right password no longer helps here either.
    await Promise.all(Array.from({ length: 10 }, () => attempt(email)));
    expect(await signIn(identity, { email, password: PASSWORD }).catch((error: unknown) => error)).toEqual(wrong);
    // Its person is somewhere else, and gets in.
    expect(await signIn({ ...identity, address: '198.51.100.7' }, { email, password: PASSWORD })).toHaveProperty(
      'token',
    );
    // Another address of the same household is the same place.
    const there = (host: string) => ({ ...identity, address: `2001:db8:7:7::${host}` });
    const guess = (host: string) => signIn(there(host), { email, password: 'not it' }).catch((error: unknown) => error);
    for (let host = 1; host <= 10; host += 1) expect(await guess(String(host))).toEqual(wrong);
    expect(await signIn(there('b'), { email, password: PASSWORD }).catch((error: unknown) => error)).toEqual(wrong);
    expect(await signIn({ ...identity, address: '2001:db8:7:8::1' }, { email, password: PASSWORD })).toHaveProperty(
      'token',
    );
  });

  it('keeps its password only as a salted slow hash', async () => {
    await signUp(identity, person());
    await signUp(identity, person());
    const [a, b] = await deps.db.prisma.credential.findMany({ orderBy: { updatedAt: 'desc' }, take: 2 });
    expect(a?.passwordHash).toMatch(/^scrypt\$32768\$8\$3\$/);
    expect(a?.passwordHash).not.toBe(b?.passwordHash);
  });
});

describe('registration', () => {
  it('closed takes nobody', async () => {
    expect(await outcomes([signUp(withRegistration('closed'), person())])).toEqual(['REGISTRATION_CLOSED']);
  });

  it('by invitation takes one person per invitation, in any number of parallel tries', async () => {
    const byInvite = withRegistration('invite');
    const { code: invite } = await createInvite(deps, await createActor(deps));
    expect(await outcomes([signUp(byInvite, person())])).toEqual(['REGISTRATION_CLOSED']);
    expect(await outcomes([signUp(byInvite, { ...person(), invite: 'made up' })])).toEqual(['REGISTRATION_CLOSED']);
    const results = await outcomes(Array.from({ length: 6 }, () => signUp(byInvite, { ...person(), invite })));
    expect(count(results, 'ok')).toBe(1);
    expect(count(results, 'REGISTRATION_CLOSED')).toBe(5);
  });

  it('keeps an invitation unused when the address is taken', async () => {
    const email = newEmail();
    await signUp(identity, person(email));
    const { code: invite } = await createInvite(deps, await createActor(deps));
    const byInvite = withRegistration('invite');
    expect(await outcomes([signUp(byInvite, { ...person(email), invite })])).toEqual(['EMAIL_TAKEN']);
    expect(await outcomes([signUp(byInvite, { ...person(), invite })])).toEqual(['ok']);
  });
});

describe('the first admin', () => {
  it('is one, of parallel set-ups with an old and a new link; afterwards no link works and none is made', async () => {
    expect((await getInstallation(deps)).needsSetUp).toBe(true);
    const old = await issueSetUpLink(deps);
    const link = await issueSetUpLink(deps);
    const calls = Array.from({ length: 6 }, (_, index) =>
      setUp(identity, { ...person(), token: (index % 3 === 0 ? old : link)?.token ?? '' }),
    );
    const results = await outcomes(calls);
    expect(count(results, 'ok')).toBe(1);
    expect(count(results, 'REGISTRATION_CLOSED')).toBe(5);
    expect(await deps.db.prisma.user.count({ where: { role: 'admin' } })).toBe(1);
    expect(await issueSetUpLink(deps)).toBeNull();
    expect((await getInstallation(deps)).needsSetUp).toBe(false);
  });
});

describe('an API key', () => {
  it('is shown once, kept as a hash, works until it is revoked, and belongs to one person', async () => {
    const owner = await createActor(deps);
    const made = await createApiKey(deps, owner, { name: 'laptop' });
    expect(made.secret).toMatch(/^pxg_[\w-]{43}$/);
    const row = await deps.db.prisma.apiKey.findUniqueOrThrow({ where: { id: made.id } });
    expect(JSON.stringify(row)).not.toContain(made.secret);
    expect(made.secret.startsWith(row.prefix)).toBe(true);
    const header = `Bearer ${made.secret}`;
    expect(await authenticator.authenticate(header)).toMatchObject({ userId: owner.userId, via: 'api-key' });
    const stranger = await createActor(deps);
    expect(await outcomes([revokeApiKey(deps, stranger, { id: made.id })])).toEqual(['NOT_FOUND']);
    expect((await listApiKeys(deps, owner)).items[0]?.lastUsedAt).not.toBeNull();
    await revokeApiKey(deps, owner, { id: made.id });
    expect(await authenticator.authenticate(header)).toBeNull();
    expect((await listApiKeys(deps, owner)).items).toEqual([]);
  });

  it('cannot make or revoke keys, so that revoking a leaked one is enough', async () => {
    const program = await createActor(deps, 'api-key');
    const calls = [createApiKey(deps, program, { name: 'x' }), revokeApiKey(deps, program, { id: randomUUID() })];
    expect(await outcomes(calls)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
  });

  it('is one of 20 at most, also when 30 are asked for at once', async () => {
    const owner = await createActor(deps);
    const results = await outcomes(Array.from({ length: 30 }, () => createApiKey(deps, owner, { name: 'x' })));
    expect(count(results, 'ok')).toBe(20);
  });
});

describe('an authorization header', () => {
  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic YTpi',
    'Bearer pxg_unknown',
    `Bearer ${'x'.repeat(9000)}`,
    'Bearer a b',
  ])('%s is a signed-out caller', async (header) => {
    expect(await authenticator.authenticate(header)).toBeNull();
  });
});

describe('mode clerk', () => {
  const secret = `whsec_${randomBytes(24).toString('base64')}`;
  const newSubject = () => `user_${randomUUID()}`;
  const clerk = (adminSubject: string | null = null) =>
    createAuthenticator(clerkDeps(), { verifier: verifierOf(CLERK), adminSubject });
  const tokenOf = async (sub: string, sid = `sess_${randomUUID()}`, key: KeyObject = privateKey) =>
    `Bearer ${await new SignJWT({ sid, azp: ORIGIN }).setProtectedHeader({ alg: 'RS256' }).setIssuer(CLERK).setSubject(sub).setIssuedAt().setNotBefore('0s').setExpirationTime('60s').sign(key)}`;

  function delivery(event: object, changes: { secret?: string; ageS?: number } = {}) {
    const rawBody = Buffer.from(JSON.stringify(event));
    const id = `msg_${randomUUID()}`;
    const timestamp = String(Math.floor(Date.now() / 1000) - (changes.ageS ?? 0));
    const key = Buffer.from((changes.secret ?? secret).slice('whsec_'.length), 'base64');
    const signature = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${rawBody}`).digest('base64')}`;
    return { rawBody, headers: { id, timestamp, signature } };
  }
  const receive = (event: object) => receiveClerkEvent(clerkDeps(), secret, delivery(event));

  it('makes one account of 50 concurrent first calls, and all of them know it', async () => {
    const authorization = await tokenOf(newSubject());
    const authenticators = [clerk(), clerk(), clerk()];
    const actors = await Promise.all(
      Array.from({ length: 50 }, (_, index) => authenticators[index % 3]?.authenticate(authorization)),
    );
    expect(new Set(actors.map((actor) => actor?.userId)).size).toBe(1);
    expect(actors[0]).toMatchObject({ role: 'member', status: 'active' });
  });

  it('makes the configured person admin, and nobody else', async () => {
    const admin = newSubject();
    const authenticate = clerk(admin).authenticate;
    expect(await authenticate(await tokenOf(admin))).toMatchObject({ role: 'admin' });
    expect(await authenticate(await tokenOf(newSubject()))).toMatchObject({ role: 'member' });
  });

  it('refuses a session that Clerk ended, before and after its first use', async () => {
    const subject = newSubject();
    const { authenticate } = clerk();
    for (const [sid, type] of [
      ['sess_a', 'session.revoked'],
      ['sess_b', 'session.ended'],
      ['sess_c', 'session.removed'],
    ]) {
      const token = await tokenOf(subject, `${sid}${subject}`);
      if (sid !== 'sess_a') expect(await authenticate(token)).not.toBeNull();
      expect(await receive({ type, data: { id: `${sid}${subject}` } })).toBe(true);
      expect(await authenticate(token)).toBeNull();
    }
    expect(await authenticate(await tokenOf(subject))).not.toBeNull();
  });

  it('takes over names and addresses, and closes the account that was deleted', async () => {
    const id = newSubject();
    const email = newEmail();
    const data = {
      id,
      first_name: 'Ada',
      last_name: 'Lovelace',
      primary_email_address_id: 'b',
      email_addresses: [
        { id: 'a', email_address: newEmail() },
        { id: 'b', email_address: email.toUpperCase() },
      ],
    };
    await receive({ type: 'user.created', data });
    await receive({ type: 'user.updated', data: { ...data, last_name: 'King' } });
    const user = await deps.db.prisma.user.findUniqueOrThrow({ where: { subject: id } });
    expect(user).toMatchObject({ email, displayName: 'Ada King', status: 'active' });
    const key = await createApiKey(
      deps,
      { userId: user.id, role: 'member', status: 'active', via: 'session', sessionId: null },
      { name: 'x' },
    );
    await receive({ type: 'user.deleted', data: { id, deleted: true } });
    expect(await clerk().authenticate(await tokenOf(id))).toMatchObject({ status: 'erasing' });
    expect(await clerk().authenticate(`Bearer ${key.secret}`)).toBeNull();
    // The erasure that began is told twice, and late news of the person change nothing.
    await receive({ type: 'user.deleted', data: { id, deleted: true } });
    await receive({ type: 'user.updated', data });
    expect(await deps.db.prisma.erasure.count({ where: { userId: user.id } })).toBe(1);
    expect(await deps.db.prisma.user.findUniqueOrThrow({ where: { id: user.id } })).toMatchObject({
      status: 'erasing',
      email: null,
      displayName: '',
    });
    expect(await receive({ type: 'organization.created', data: { id: 'org_1' } })).toBe(false);
  });

  it('keeps the newest news of a person, however late, often or out of order they come', async () => {
    const id = newSubject();
    const email = newEmail();
    const news = (updated_at: number, first_name: string) =>
      delivery({
        type: 'user.updated',
        data: {
          ...{ id, first_name, updated_at, primary_email_address_id: 'a' },
          email_addresses: [{ id: 'a', email_address: email }],
        },
      });
    const [first, second, third] = [news(1_000, 'First'), news(2_000, 'Second'), news(3_000, 'Third')];
    const nameAfter = async (one: typeof first) => {
      await receiveClerkEvent(clerkDeps(), secret, one);
      return (await deps.db.prisma.user.findUniqueOrThrow({ where: { subject: id } })).displayName;
    };
    expect([await nameAfter(second), await nameAfter(first), await nameAfter(third)]).toEqual([
      'Second',
      'Second',
      'Third',
    ]);
    for (const replayed of [third, second, first]) expect(await nameAfter(replayed)).toBe('Third');
    expect(await deps.db.prisma.user.findUniqueOrThrow({ where: { subject: id } })).toMatchObject({ email });
  });

  it('suspends whom Clerk bans, and lets in again whom nobody else suspended; a lock there suspends nobody', async () => {
    const id = newSubject();
    let at = Date.now();
    const tell = (fields: object) => {
      at += 1;
      return receive({ type: 'user.updated', data: { id, updated_at: at, email_addresses: [], ...fields } });
    };
    const status = async () => (await clerk().authenticate(await tokenOf(id)))?.status;
    await tell({ locked: true });
    expect(await status()).toBe('active');
    await tell({ banned: true });
    expect(await status()).toBe('suspended');
    // Old news of before the ban.
    await receive({ type: 'user.updated', data: { id, updated_at: at - 1, banned: false, email_addresses: [] } });
    expect(await status()).toBe('suspended');
    await tell({ banned: false });
    expect(await status()).toBe('active');
    // Suspended here as well: the end of the ban there is no end of this.
    await tell({ banned: true });
    const { id: userId } = await deps.db.prisma.user.findUniqueOrThrow({ where: { subject: id } });
    const admin = { ...(await createActor(deps)), role: 'admin' as const };
    await updateUser(deps, admin, { id: userId, status: 'suspended' });
    await tell({ banned: false });
    expect(await status()).toBe('suspended');
    await updateUser(deps, admin, { id: userId, status: 'active' });
    await updateUser(deps, admin, { id: userId, status: 'suspended' });
    await tell({ banned: false });
    expect(await status()).toBe('suspended');
  });

  it('makes no new account of an erased person from a token or a message of before', async () => {
    const id = newSubject();
    const token = await tokenOf(id);
    expect(await clerk().authenticate(token)).not.toBeNull();
    await receive({ type: 'user.deleted', data: { id, deleted: true } });
    // As the worker leaves it.
    await deps.db.prisma.user.delete({ where: { subject: id } });
    expect(await clerk().authenticate(token)).toBeNull();
    const data = { id, first_name: 'Ada', email_addresses: [] };
    await receive({ type: 'user.created', data });
    await receive({ type: 'user.updated', data });
    expect(await deps.db.prisma.user.count({ where: { subject: id } })).toBe(0);
  });

  it('refuses a delivery that is unsigned, signed by another, changed, or older than five minutes', async () => {
    const event = { type: 'user.created', data: { id: newSubject() } };
    const good = delivery(event);
    const other = `whsec_${randomBytes(24).toString('base64')}`;
    const bad = [
      delivery(event, { secret: other }),
      delivery(event, { ageS: 301 }),
      delivery(event, { ageS: -301 }),
      { ...good, rawBody: Buffer.from(`${good.rawBody} `) },
      { ...good, headers: { ...good.headers, signature: undefined } },
      { ...good, headers: { ...good.headers, id: 'msg_other' } },
      { ...good, headers: { ...good.headers, timestamp: `${good.headers.timestamp}abc` } },
    ];
    const results = await outcomes(bad.map((one) => receiveClerkEvent(clerkDeps(), secret, one)));
    expect(results).toEqual(bad.map(() => 'SIGNATURE_INVALID'));
    expect(await receiveClerkEvent(clerkDeps(), secret, good)).toBe(true);
  });
});
