/** Random secrets that are shown once and kept as a hash: API keys, invitations, the set-up link. */
import { createHash, randomBytes } from 'node:crypto';

const API_KEY_PREFIX = 'pxg_';
/** Enough to tell keys apart in a list, far too little to guess the rest. */
const SHOWN_CHARACTERS = 10;

export type NewSecret = { secret: string; hash: string; prefix: string };

export function newApiKey(): NewSecret {
  return describe(API_KEY_PREFIX + randomBytes(32).toString('base64url'));
}

/** For links: 256 random bits. */
export function newLinkCode(): NewSecret {
  return describe(randomBytes(32).toString('base64url'));
}

export function isApiKey(credential: string): boolean {
  return credential.startsWith(API_KEY_PREFIX);
}

/** Hex SHA-256: the secrets are random, so a slow hash would protect nothing more. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function describe(secret: string): NewSecret {
  return { secret, hash: hashSecret(secret), prefix: secret.slice(0, SHOWN_CHARACTERS) };
}
