/** What holds of a session whoever issued it: the same cases over our own issuer and over Clerk's tokens. */
import { createHmac, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { insertSession } from '@pixgen/db';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Deps } from '../deps.ts';
import { createTestDeps, type TestDeps } from '../testing.ts';
import { createAuthenticator } from './authenticator.ts';
import { receiveClerkEvent } from './clerk-events.ts';
import { createSessionIssuer, LOCAL_ISSUER, publicPemOf } from './session-issuer.ts';
import { createSessionVerifier } from './session-verifier.ts';
import { signOut } from './sign-out.ts';
import { signUp } from './sign-up.ts';

const ORIGIN = 'https://studio.example';
const CLERK = 'https://clerk.studio.example';
const [KEY, NEXT_KEY, STRANGE_KEY] = [1, 2, 3].map(
  () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
) as [KeyObject, KeyObject, KeyObject];
const now = () => Math.floor(Date.now() / 1000);

type Claims = Record<string, unknown>;
type Person = { subject: string; sessionId: string };
type Issuer = {
  iss: string;
  mode: 'local' | 'clerk';
  /** Somebody with an open session. */
  newPerson: () => Promise<Person>;
  /** Ends a session as this issuer does. */
  revoke: (person: Person, token: string) => Promise<void>;
};

let stack: TestDeps;
let deps: Deps;
beforeAll(async () => {
  stack = await createTestDeps();
  deps = stack.deps;
});
afterAll(() => stack.close());

const depsOf = (mode: 'local' | 'clerk'): Deps => ({
  ...deps,
  config: { ...deps.config, auth: { ...deps.config.auth, mode } },
});
const WEBHOOK_SECRET = `whsec_${Buffer.alloc(24, 'k').toString('base64')}`;

const ISSUERS: Issuer[] = [
  {
    iss: LOCAL_ISSUER,
    mode: 'local',
    async newPerson() {
      const email = `${randomUUID()}@example.test`;
      const issuer = createSessionIssuer({ privateKey: KEY, authorizedParty: ORIGIN });
      await signUp(
        { ...deps, issuer, address: '192.0.2.1' },
        { email, password: 'correct horse battery', displayName: 'Ada' },
      );
      const { id, subject } = await deps.db.prisma.user.findUniqueOrThrow({ where: { email } });
      const sessionId = `sess_${randomUUID()}`;
      await insertSession(deps.db, { id: sessionId, userId: id, expiresAt: new Date(Date.now() + 3_600_000) });
      return { subject, sessionId };
    },
    revoke: (_person, token) => signOut(deps, authenticatorOf('local', LOCAL_ISSUER), `Bearer ${token}`),
  },
  {
    iss: CLERK,
    mode: 'clerk',
    newPerson: async () => ({ subject: `user_${randomUUID()}`, sessionId: `sess_${randomUUID()}` }),
    async revoke({ sessionId }) {
      const rawBody = Buffer.from(JSON.stringify({ type: 'session.revoked', data: { id: sessionId } }));
      const [id, timestamp] = [`msg_${randomUUID()}`, String(now())];
      const key = Buffer.from(WEBHOOK_SECRET.slice('whsec_'.length), 'base64');
      const signature = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${rawBody}`).digest('base64')}`;
      await receiveClerkEvent(depsOf('clerk'), WEBHOOK_SECRET, { rawBody, headers: { id, timestamp, signature } });
    },
  },
];

function authenticatorOf(mode: 'local' | 'clerk', issuer: string, ...keys: KeyObject[]) {
  const publicKeyPems = (keys.length > 0 ? keys : [KEY]).map(publicPemOf);
  const verifier = createSessionVerifier({ publicKeyPems, issuer, authorizedParties: [ORIGIN] });
  return createAuthenticator(depsOf(mode), { verifier, adminSubject: null });
}

describe.each(ISSUERS)('a session of $iss', ({ iss, mode, newPerson, revoke }) => {
  const claimsOf = ({ subject, sessionId }: Person, changes: Claims = {}): Claims => {
    const good = { iss, sub: subject, sid: sessionId, azp: ORIGIN, iat: now(), nbf: now(), exp: now() + 60, v: 2 };
    return Object.fromEntries(Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined));
  };
  const sign = (claims: Claims, head: object = { alg: 'RS256' }, key: KeyObject | Uint8Array = KEY) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...head }).sign(key);
  const authenticate = (token: string, ...keys: KeyObject[]) =>
    authenticatorOf(mode, iss, ...keys).authenticate(`Bearer ${token}`);

  it('opens, for its person, from 50 calls at once and three processes as one account', async () => {
    const token = await sign(claimsOf(await newPerson()));
    const processes = [1, 2, 3].map(() => authenticatorOf(mode, iss));
    const actors = await Promise.all(
      Array.from({ length: 50 }, (_, index) => processes[index % 3]?.authenticate(`Bearer ${token}`)),
    );
    expect(new Set(actors.map((actor) => actor?.userId)).size).toBe(1);
    expect(actors[0]).toMatchObject({ role: 'member', status: 'active', via: 'session' });
  });

  const other = ISSUERS.find((candidate) => candidate.iss !== iss)?.iss;
  it.each<[string, Claims]>([
    ['expired', { iat: now() - 200, nbf: now() - 200, exp: now() - 60 }],
    ['not valid yet', { nbf: now() + 120 }],
    ['for another audience', { aud: 'https://billing.example' }],
    ['for another party', { azp: 'https://evil.example' }],
    ['without a party', { azp: undefined }],
    ['of the other issuer', { iss: other }],
    ['of no issuer', { iss: undefined }],
    ['made from a template, so without a session', { sid: undefined, jti: 'a', aud: 'https://api.example' }],
    ['made from a template that names no audience', { sid: undefined, jti: 'a' }],
    ['without a person', { sub: undefined }],
    ['without an end', { exp: undefined }],
  ])('%s is refused', async (_, changes) => {
    const person = await newPerson();
    expect(await authenticate(await sign(claimsOf(person)))).not.toBeNull();
    expect(await authenticate(await sign(claimsOf(person, changes)))).toBeNull();
  });

  it('signed in another way, or by a key that we do not have, is refused, whatever its head says', async () => {
    const person = await newPerson();
    const claims = claimsOf(person);
    const publicKey = Buffer.from(publicPemOf(KEY));
    const [head, body] = (await sign(claims)).split('.');
    const bare = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const forged = [
      await sign(claims, { alg: 'HS256' }, publicKey),
      await sign(claims, { alg: 'PS256' }),
      await sign(claims, { alg: 'RS512' }),
      await sign(claims, {}, STRANGE_KEY),
      await sign(claims, { kid: 'ins_unknown' }, STRANGE_KEY),
      await sign(claims, { jku: 'https://evil.example/keys', x5u: 'https://evil.example/cert' }, STRANGE_KEY),
      `${bare}.${body}.`,
      `${head}.${body}.`,
      `${head}.${body}`,
    ];
    for (const token of forged) expect(await authenticate(token)).toBeNull();
  });

  it('ends with the key it was signed with: after a rotation only what the new one signs opens', async () => {
    const person = await newPerson();
    const before = await sign(claimsOf(person));
    expect(await authenticate(before)).not.toBeNull();
    expect(await authenticate(before, NEXT_KEY)).toBeNull();
    expect(await authenticate(await sign(claimsOf(person), {}, NEXT_KEY), NEXT_KEY)).not.toBeNull();
    expect(await authenticate(await sign(claimsOf(person), {}, NEXT_KEY))).toBeNull();
  });

  it('outlives the replacement of its key while the key before is still given, and no longer', async () => {
    const person = await newPerson();
    const before = await sign(claimsOf(person));
    const after = await sign(claimsOf(person), {}, NEXT_KEY);
    for (const token of [before, after]) expect(await authenticate(token, NEXT_KEY, KEY)).not.toBeNull();
    for (const changes of [{ exp: now() - 60 }, { azp: 'https://evil.example' }, { iss: other }])
      expect(await authenticate(await sign(claimsOf(person, changes)), NEXT_KEY, KEY)).toBeNull();
    expect(await authenticate(await sign(claimsOf(person), {}, STRANGE_KEY), NEXT_KEY, KEY)).toBeNull();
    expect(await authenticate(before, NEXT_KEY)).toBeNull();
  });

  it('that was revoked opens nothing any more, in every process, also for tokens made later', async () => {
    const person = await newPerson();
    const token = await sign(claimsOf(person));
    const warm = authenticatorOf(mode, iss);
    expect(await warm.authenticate(`Bearer ${token}`)).not.toBeNull();
    await revoke(person, token);
    expect(await warm.authenticate(`Bearer ${token}`)).toBeNull();
    expect(await authenticate(token)).toBeNull();
    expect(await authenticate(await sign(claimsOf(person, { exp: now() + 600 })))).toBeNull();
    // Told twice is told once.
    await revoke(person, token);
  });
});
