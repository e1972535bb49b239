/**
 * The one verifier of session tokens, for Clerk's and for ours: both are RS256 tokens of Clerk's shape, checked with a
 * public key at hand and no network. While a key is being replaced there are two of them.
 */
import { verifyToken } from '@clerk/backend';

/** Tokens seen lately; a browser sends the same one with every request. */
const CACHE_SIZE = 5_000;

export type SessionClaims = {
  /** `sub`: who. */
  subject: string;
  /** `sid`: which session, to be looked up for revocation. */
  sessionId: string;
  expiresAtMs: number;
};

export type SessionVerifier = {
  /** @returns null for anything but a token of this issuer, for one of our origins, valid now */
  verify(token: string): Promise<SessionClaims | null>;
};

/**
 * @param options.publicKeyPems the issuer's key, then the one before it for as long as its tokens may open
 * @param options.issuer exact `iss`
 * @param options.authorizedParties exact origins that `azp` may name; a token without one is refused
 */
export function createSessionVerifier(options: {
  publicKeyPems: readonly string[];
  issuer: string;
  authorizedParties: readonly string[];
}): SessionVerifier {
  // A signature that held once holds again: only time and revocation can change, and both are looked at per call.
  const seen = new Map<string, SessionClaims>();

  return {
    async verify(token) {
      const known = seen.get(token);
      if (known) return known.expiresAtMs > Date.now() ? known : null;
      const claims = await checkWithEach(token, options);
      if (!claims) return null;
      seen.set(token, claims);
      if (seen.size > CACHE_SIZE) seen.delete(seen.keys().next().value ?? '');
      return claims;
    },
  };
}

type Options = Parameters<typeof createSessionVerifier>[0];

async function checkWithEach(token: string, options: Options): Promise<SessionClaims | null> {
  for (const publicKeyPem of options.publicKeyPems) {
    const claims = await check(token, publicKeyPem, options);
    if (claims) return claims;
  }
  return null;
}

async function check(token: string, publicKeyPem: string, options: Options): Promise<SessionClaims | null> {
  try {
    const claims = await verifyToken(token, {
      jwtKey: publicKeyPem,
      authorizedParties: [...options.authorizedParties],
      clockSkewInMs: 5_000,
    });
    // verifyToken with a local key leaves `iss` unread, and reads a missing `azp` leniently in some versions.
    if (claims.iss !== options.issuer) return null;
    if (typeof claims.azp !== 'string' || !options.authorizedParties.includes(claims.azp)) return null;
    // Session tokens name no audience; those that do were made for another service with the same key.
    if (Object.hasOwn(claims, 'aud')) return null;
    if (typeof claims.sid !== 'string' || claims.sid === '' || claims.sub === '') return null;
    return { subject: claims.sub, sessionId: claims.sid, expiresAtMs: claims.exp * 1000 };
  } catch {
    // Every way a token can be wrong reads the same to its sender.
    return null;
  }
}
