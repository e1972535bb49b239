import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createSessionIssuer, LOCAL_ISSUER, parseSessionKey } from './session-issuer.ts';
import { createSessionVerifier } from './session-verifier.ts';

const ORIGIN = 'https://studio.example';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const verifier = createSessionVerifier({
  publicKeyPems: [publicKeyPem],
  issuer: LOCAL_ISSUER,
  authorizedParties: [ORIGIN],
});

type Claims = Record<string, unknown>;
const now = () => Math.floor(Date.now() / 1000);
function claims(changes: Claims = {}): Claims {
  const good = {
    iss: LOCAL_ISSUER,
    sub: 'local_1',
    sid: `sess_${randomUUID()}`,
    azp: ORIGIN,
    iat: now(),
    nbf: now(),
    exp: now() + 60,
    v: 2,
  };
  return Object.fromEntries(Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined));
}
function sign(payload: Claims, alg = 'RS256', key: KeyObject | Uint8Array = privateKey): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg, typ: 'JWT' }).sign(key);
}

describe('a session token', () => {
  it('of our issuer, for our origin, valid now, tells who and which session', async () => {
    const expiresAt = new Date((now() + 60) * 1000);
    const issuer = createSessionIssuer({ privateKey, authorizedParty: ORIGIN });
    const token = await issuer.issue({ subject: 'local_7', sessionId: 'sess_7', expiresAt });
    expect(await verifier.verify(token)).toEqual({
      subject: 'local_7',
      sessionId: 'sess_7',
      expiresAtMs: expiresAt.getTime(),
    });
    expect(issuer.publicKeyPem).toBe(publicKeyPem);
  });

  it.each<[string, Claims]>([
    ['expired', { iat: now() - 200, nbf: now() - 200, exp: now() - 60 }],
    ['not valid yet', { nbf: now() + 120 }],
    ['from the future', { iat: now() + 120 }],
    ['without an end', { exp: undefined }],
    ['of another issuer', { iss: 'https://clerk.example' }],
    ['without an issuer', { iss: undefined }],
    ['for another origin', { azp: 'https://evil.example' }],
    ['for an origin that only begins like ours', { azp: `${ORIGIN}.evil.example` }],
    ['without an origin', { azp: undefined }],
    ['without a subject', { sub: undefined }],
    ['without a session', { sid: undefined }],
    ['whose session is not text', { sid: 7 }],
  ])('%s is refused', async (_, changes) => {
    expect(await verifier.verify(await sign(claims(changes)))).toBeNull();
  });

  it('signed with another key, another algorithm or none is refused', async () => {
    const secret = new TextEncoder().encode(publicKeyPem);
    const [head, body] = (await sign(claims())).split('.');
    const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${body}.`;
    for (const token of [
      await sign(claims(), 'RS256', otherKey),
      await sign(claims(), 'PS256'),
      await sign(claims(), 'HS256', secret),
      none,
      `${head}.${body}.`,
      `${head}.${body}`,
      '',
      'a.b.c',
    ]) {
      expect(await verifier.verify(token)).toBeNull();
    }
  });

  it('with one changed character is refused, also right after the true one was accepted', async () => {
    const token = await sign(claims());
    expect(await verifier.verify(token)).not.toBeNull();
    const [head, body = '', signature] = token.split('.');
    const changed = Buffer.from(Buffer.from(body, 'base64url').toString().replace('local_1', 'local_2')).toString(
      'base64url',
    );
    expect(await verifier.verify(`${head}.${changed}.${signature}`)).toBeNull();
  });

  it('that was accepted once stops counting when its time is over', async () => {
    const token = await sign(claims({ exp: now() + 1, iat: now() - 60, nbf: now() - 60 }));
    const accepted = await verifier.verify(token);
    expect(accepted).not.toBeNull();
    await expect.poll(() => verifier.verify(token), { timeout: 5_000 }).toBeNull();
  });
});

describe('the session key', () => {
  const pem = (key: KeyObject) => Buffer.from(key.export({ type: 'pkcs8', format: 'pem' })).toString('base64');

  it('is read from base64 of a PEM', () => {
    expect(createPublicKey(parseSessionKey(pem(privateKey))).export({ type: 'spki', format: 'pem' })).toBe(
      publicKeyPem,
    );
  });

  it('that is weak, of another kind or no key at all is refused without being shown', () => {
    const weak = pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
    const curve = pem(generateKeyPairSync('ed25519').privateKey);
    for (const value of [weak, curve, 'bm90IGEga2V5', '']) {
      expect(() => parseSessionKey(value)).toThrow(/^(is not|has fewer)/);
    }
  });
});
