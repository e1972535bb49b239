/** Changing and forgetting passwords, and the sessions that end with them. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { SessionAnswer } from '@pixgen/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiKey } from '../account/api-keys.ts';
import type { Actor, Deps } from '../deps.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { type Authenticator, createAuthenticator } from './authenticator.ts';
import { changePassword } from './change-password.ts';
import { createPasswordLink, issuePasswordLink, setPassword } from './password-link.ts';
import { createSessionIssuer, LOCAL_ISSUER } from './session-issuer.ts';
import { createSessionVerifier } from './session-verifier.ts';
import { endOtherSessions, endSession, endSessionsOf, listSessions } from './sessions.ts';
import { signIn } from './sign-in.ts';
import { signUp } from './sign-up.ts';
import { deviceName, type IdentityDeps } from './start-session.ts';

const ORIGIN = 'https://studio.example';
const issuer = createSessionIssuer({
  privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  authorizedParty: ORIGIN,
});
const OLD = 'correct horse battery';
const NEW = 'seven quiet lighthouses';
const DAY_MS = 86_400_000;

let stack: TestDeps;
let deps: Deps;
let identity: IdentityDeps;
let authenticator: Authenticator;
beforeAll(async () => {
  stack = await createTestDeps();
  deps = stack.deps;
  identity = { ...deps, issuer, address: '192.0.2.1' };
  const { publicKeyPem } = issuer;
  const verifier = createSessionVerifier({
    publicKeyPems: [publicKeyPem],
    issuer: LOCAL_ISSUER,
    authorizedParties: [ORIGIN],
  });
  authenticator = createAuthenticator(deps, { verifier, adminSubject: null });
});
afterAll(() => stack.close());

const actorOf = (answer: SessionAnswer) => authenticator.authenticate(`Bearer ${answer.token}`);
const codeOf = (error: unknown) => (error as { code?: string }).code;
const outcomes = async (calls: Promise<unknown>[]) =>
  (await Promise.allSettled(calls)).map((result) => (result.status === 'fulfilled' ? 'ok' : codeOf(result.reason)));

type Person = { email: string; first: SessionAnswer; actor: Actor };
async function newPerson(): Promise<Person> {
  const email = `${randomUUID()}@example.test`;
  const first = await signUp(identity, { email, password: OLD, displayName: 'Ada Lovelace' });
  const actor = await actorOf(first);
  if (!actor) throw new Error('the new person is not known');
  return { email, first, actor };
}
const actions = async (userId: string) => {
  const { pseudonym } = await deps.db.prisma.user.findUniqueOrThrow({ where: { id: userId } });
  const rows = await deps.db.prisma.auditEntry.findMany({ where: { subject: pseudonym }, orderBy: { id: 'asc' } });
  return rows.map(({ action }) => action);
};

describe('a changed password', () => {
  it('ends every session, opens a new one for who changed it, and lets the old password in nowhere', async () => {
    const { email, first, actor } = await newPerson();
    const elsewhere = await signIn(identity, { email, password: OLD });
    const key = await createApiKey(deps, actor, { name: 'a program' });
    const answer = await changePassword(identity, actor, { currentPassword: OLD, password: NEW });
    expect(await actorOf(first)).toBeNull();
    expect(await actorOf(elsewhere)).toBeNull();
    expect((await actorOf(answer))?.userId).toBe(actor.userId);
    expect(await outcomes([signIn(identity, { email, password: OLD })])).toEqual(['UNAUTHENTICATED']);
    expect(await actorOf(await signIn(identity, { email, password: NEW }))).not.toBeNull();
    expect(await authenticator.authenticate(`Bearer ${key.secret}`)).not.toBeNull();
    expect(await actions(actor.userId)).toContain('password.changed');
  });

  it('needs the old one, after ten guesses not even that, and a person; who guesses keeps nobody from signing in', async () => {
    const { email, actor } = await newPerson();
    const change = (currentPassword: string, who = actor) =>
      changePassword(identity, who, { currentPassword, password: NEW });
    const refusal = await change('not the right one').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'INVALID_INPUT', fields: [{ path: 'currentPassword' }] });
    expect(await outcomes([change(OLD, { ...actor, via: 'api-key', sessionId: null })])).toEqual(['FORBIDDEN']);
    await outcomes(Array.from({ length: 10 }, () => change('not the right one')));
    expect(await outcomes([change(OLD), signIn(identity, { email, password: OLD })])).toEqual(['INVALID_INPUT', 'ok']);
  });

  it('changes once when it is changed in parallel, and leaves one session', async () => {
    const { actor } = await newPerson();
    const change = (password: string) => changePassword(identity, actor, { currentPassword: OLD, password });
    const results = await outcomes([change(NEW), change('a violet umbrella stand'), change('brisk marble otters')]);
    expect(results.filter((result) => result === 'ok')).toHaveLength(1);
    expect((await listSessions(deps, actor)).items).toHaveLength(1);
  });

  it('leaves no session to who signed in with the old one at the same moment', async () => {
    const { email, actor } = await newPerson();
    const signIns = Array.from({ length: 6 }, () => signIn(identity, { email, password: OLD }));
    const [answer, ...tries] = await Promise.allSettled([
      changePassword(identity, actor, { currentPassword: OLD, password: NEW }),
      ...signIns,
    ]);
    expect(answer.status).toBe('fulfilled');
    for (const made of tries) if (made.status === 'fulfilled') expect(await actorOf(made.value)).toBeNull();
    expect((await listSessions(deps, actor)).items).toHaveLength(1);
  });
});

describe('a password', () => {
  it.each(['password123', '1234567890', 'qwertyuiop', 'aaaaaaaaaaaa', 'P@ssw0rd2026', 'Ada Lovelace', 'pixgen2026'])(
    '%s is refused as easy to guess, wherever one is set',
    async (password) => {
      const { actor, email } = await newPerson();
      const weak = { code: 'INVALID_INPUT', fields: [{ path: 'password' }] };
      const person = { email: `${randomUUID()}@example.test`, password, displayName: 'Ada Lovelace' };
      await expect(signUp(identity, person)).rejects.toMatchObject(weak);
      await expect(changePassword(identity, actor, { currentPassword: OLD, password })).rejects.toMatchObject(weak);
      const token = (await issuePasswordLink(deps, email))?.code ?? '';
      await expect(setPassword(identity, { token, password })).rejects.toMatchObject(weak);
      // The refusal used nothing up.
      expect(await actorOf(await setPassword(identity, { token, password: NEW }))).not.toBeNull();
    },
  );

  it('may be long, may repeat an address in part, and is judged in no time', async () => {
    const email = `${randomUUID()}@example.test`;
    expect(await outcomes([signUp(identity, { email, password: 'a '.repeat(100), displayName: 'Ada' })])).toEqual([
      'INVALID_INPUT',
    ]);
    const password = `${email} and nine brass kettles`.padEnd(200, '~');
    expect(await outcomes([signUp(identity, { email, password, displayName: 'Ada' })])).toEqual(['ok']);
  });
});

describe('a link for a forgotten password', () => {
  it('sets a password once, of any number of parallel tries, ends every session and lets in again after a lock', async () => {
    const { email, first, actor } = await newPerson();
    await outcomes(Array.from({ length: 11 }, () => signIn(identity, { email, password: 'a wrong password' })));
    const admin = await createActor(deps);
    const { code: token } = await createPasswordLink(deps, admin, { id: actor.userId });
    const results = await Promise.allSettled(
      ['', '!', '?', '.'].map((end) => setPassword(identity, { token, password: NEW + end })),
    );
    const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(made).toHaveLength(1);
    expect(await actorOf(first)).toBeNull();
    expect((await listSessions(deps, actor)).items).toHaveLength(1);
    const chosen = ['', '!', '?', '.'].find((_, index) => results[index]?.status === 'fulfilled');
    expect(await actorOf(await signIn(identity, { email, password: NEW + chosen }))).not.toBeNull();
    expect(await outcomes([setPassword(identity, { token, password: NEW })])).toEqual(['NOT_FOUND']);
    expect(await actions(actor.userId)).toEqual(expect.arrayContaining(['password-link.made', 'password.changed']));
  });

  it('works no more when it is too old, when a newer one was made, or when the password was changed', async () => {
    const { email, actor } = await newPerson();
    const issue = async () => (await issuePasswordLink(deps, email))?.code ?? '';
    const use = (token: string) => outcomes([setPassword(identity, { token, password: NEW })]);
    const replaced = await issue();
    const old = await issue();
    expect(await use(replaced)).toEqual(['NOT_FOUND']);
    await deps.db.prisma.invite.updateMany({ where: { userId: actor.userId }, data: { expiresAt: new Date() } });
    expect(await use(old)).toEqual(['NOT_FOUND']);
    const open = await issue();
    await changePassword(identity, actor, { currentPassword: OLD, password: NEW });
    expect(await use(open)).toEqual(['NOT_FOUND']);
    expect(await use('A'.repeat(43))).toEqual(['NOT_FOUND']);
  });

  it('is made for nobody without a password, by administrators for no other one, and by no program', async () => {
    const stranger = await createActor(deps);
    const admin = await createActor(deps);
    const make = (id: string, who = admin) => createPasswordLink(deps, who, { id });
    const [member, colleague] = [(await newPerson()).actor, (await newPerson()).actor];
    await deps.db.prisma.user.update({ where: { id: colleague.userId }, data: { role: 'admin' } });
    expect(await outcomes([make(stranger.userId), make(colleague.userId)])).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    expect(await outcomes([make(member.userId, { ...admin, via: 'api-key', sessionId: null })])).toEqual(['FORBIDDEN']);
    expect(await issuePasswordLink(deps, 'nobody@example.test')).toBeNull();
  });
});

describe('sessions', () => {
  it('are listed with their browser, the current one marked, and ended one by one or all but the current', async () => {
    const { email, actor } = await newPerson();
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
    const there = await signIn({ ...identity, userAgent: firefox }, { email, password: OLD });
    const third = await signIn(identity, { email, password: OLD });
    const { items } = await listSessions(deps, actor);
    expect(items).toHaveLength(3);
    expect(items.filter(({ isCurrent }) => isCurrent).map(({ id }) => id)).toEqual([actor.sessionId]);
    const fox = items.find(({ device }) => device === 'Firefox · Linux');
    expect(await endSession(deps, actor, { id: fox?.id ?? '' })).toEqual({ ended: 1 });
    expect(await actorOf(there)).toBeNull();
    expect(await outcomes([endSession(deps, actor, { id: fox?.id ?? '' })])).toEqual(['NOT_FOUND']);
    expect(await endOtherSessions(deps, actor)).toEqual({ ended: 1 });
    expect(await actorOf(third)).toBeNull();
    expect(await listSessions(deps, actor)).toMatchObject({ items: [{ isCurrent: true }] });
  });

  it('all end when an administrator wants it, nobody else’s with them, and the log says who it was', async () => {
    const [ada, eve] = [await newPerson(), await newPerson()];
    const second = await signIn(identity, { email: ada.email, password: OLD });
    const { secret } = await createApiKey(deps, ada.actor, { name: 'kept' });
    const admin = { ...(await createActor(deps)), role: 'admin' } as const;
    expect(await endSessionsOf(deps, admin, { id: ada.actor.userId })).toEqual({ ended: 2 });
    for (const session of [ada.first, second]) expect(await actorOf(session)).toBeNull();
    expect(await actorOf(eve.first)).not.toBeNull();
    expect(await authenticator.authenticate(`Bearer ${secret}`)).toMatchObject({ userId: ada.actor.userId });
    expect(await endSessionsOf(deps, admin, { id: ada.actor.userId })).toEqual({ ended: 0 });
    expect((await actions(ada.actor.userId)).filter((action) => action === 'sessions.ended')).toHaveLength(1);
    const { pseudonym } = await deps.db.prisma.user.findUniqueOrThrow({ where: { id: admin.userId } });
    expect(await deps.db.prisma.auditEntry.count({ where: { actor: pseudonym, action: 'sessions.ended' } })).toBe(1);
    expect(await actorOf(await signIn(identity, { email: ada.email, password: OLD }))).not.toBeNull();
    expect(
      await outcomes([
        endSessionsOf(deps, admin, { id: randomUUID() }),
        endSessionsOf(deps, admin, { id: admin.userId }),
      ]),
    ).toEqual(['NOT_FOUND', 'STATE_CONFLICT']);
  });

  it('of somebody else are neither seen nor ended, and a program ends none', async () => {
    const [ada, eve] = [await newPerson(), await newPerson()];
    expect(await outcomes([endSession(deps, eve.actor, { id: ada.actor.sessionId ?? '' })])).toEqual(['NOT_FOUND']);
    expect(await actorOf(ada.first)).not.toBeNull();
    const program: Actor = { ...ada.actor, via: 'api-key', sessionId: null };
    expect(await outcomes([endSession(deps, program, { id: ada.actor.sessionId ?? '' })])).toEqual(['FORBIDDEN']);
    expect(await outcomes([endOtherSessions(deps, program)])).toEqual(['FORBIDDEN']);
  });

  it('end after a week without a call, and a call keeps them', async () => {
    const { first, actor } = await newPerson();
    const where = { id: actor.sessionId ?? '' };
    const idleFor = (ms: number) =>
      deps.db.prisma.session.update({ where, data: { lastSeenAt: new Date(Date.now() - ms) } });
    await idleFor(6 * DAY_MS);
    expect(await actorOf(first)).not.toBeNull();
    const { lastSeenAt } = await deps.db.prisma.session.findUniqueOrThrow({ where });
    expect(Date.now() - lastSeenAt.getTime()).toBeLessThan(DAY_MS);
    await idleFor(7 * DAY_MS + 60_000);
    expect(await actorOf(first)).toBeNull();
    expect((await listSessions(deps, actor)).items).toEqual([]);
  });

  it.each([
    [undefined, null],
    ['', null],
    ['curl/8.0', null],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
      'Safari · iOS',
    ],
  ])('say of %s: %s', (userAgent, device) => {
    expect(deviceName(userAgent)).toBe(device);
  });
});
