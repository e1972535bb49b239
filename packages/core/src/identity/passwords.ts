/** Passwords as scrypt hashes that carry their own parameters: `scrypt$N$r$p$salt$hash`, base64url. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { createAtOnce } from '../at-once.ts';

/** 32 MB and some 100 ms per try. Source: OWASP Password Storage Cheat Sheet, scrypt row N=2^15. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
const KEY_BYTES = 32;
/** Of four threads that the process has for this, drawings and files: the others stay free. A queue of some four seconds. */
const inTurn = createAtOnce(2, 50);

/** @throws AppError UNAVAILABLE, as {@link isPassword}, when too many wait for their password to be looked at */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/**
 * @param stored null for an account that does not exist: the same work is done, so that time tells nothing
 */
export async function isPassword(password: string, stored: string | null): Promise<boolean> {
  const [, n, r, p, salt, hash] = (stored ?? (await nobodysHash())).split('$');
  const expected = Buffer.from(hash ?? '', 'base64url');
  const cost = { N: Number(n), r: Number(r), p: Number(p) };
  const key = await derive(password, Buffer.from(salt ?? '', 'base64url'), cost);
  return timingSafeEqual(key, expected) && stored !== null;
}

let nobody: Promise<string> | undefined;
function nobodysHash(): Promise<string> {
  nobody ??= hashPassword(randomBytes(16).toString('hex'));
  return nobody;
}

function derive(password: string, salt: Buffer, cost: { N: number; r: number; p: number }): Promise<Buffer> {
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.N * cost.r };
  return inTurn(
    () =>
      new Promise((resolve, reject) => {
        scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
          error ? reject(error) : resolve(key),
        );
      }),
  );
}
