/** Our own issuer for installations without an identity provider: session tokens of Clerk's shape, signed RS256. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';

/** `iss` of our tokens. */
export const LOCAL_ISSUER = 'pixgen:local';
const MIN_KEY_BITS = 2048;

export type SessionIssuer = {
  /** Of the pair's public half, for the verifier. */
  publicKeyPem: string;
  issue(session: { subject: string; sessionId: string; expiresAt: Date }): Promise<string>;
};

/**
 * @param privateKeyBase64 base64 of a PKCS#8 RSA key in PEM
 * @returns the key
 * @throws {Error} whose message names the fault and never the value
 */
export function parseSessionKey(privateKeyBase64: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: Buffer.from(privateKeyBase64, 'base64').toString('utf8'), format: 'pem' });
  } catch {
    throw new Error('is not the base64 of an RSA private key in PEM');
  }
  if (key.asymmetricKeyType !== 'rsa') throw new Error('is not an RSA key');
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_KEY_BITS)
    throw new Error(`has fewer than ${MIN_KEY_BITS} bits`);
  return key;
}

/** The public half of a session key, as a verifier takes it. */
export function publicPemOf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}

/** @param options.authorizedParty the origin of the web app, as `azp` */
export function createSessionIssuer(options: { privateKey: KeyObject; authorizedParty: string }): SessionIssuer {
  return {
    publicKeyPem: publicPemOf(options.privateKey),
    issue({ subject, sessionId, expiresAt }) {
      return new SignJWT({ sid: sessionId, azp: options.authorizedParty, v: 2 })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
        .setIssuer(LOCAL_ISSUER)
        .setSubject(subject)
        .setIssuedAt()
        .setNotBefore('0s')
        .setExpirationTime(expiresAt)
        .sign(options.privateKey);
    },
  };
}
