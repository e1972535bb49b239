/**
 * Standard Webhooks signatures with the platform's own HMAC. The published library hashes in JavaScript, which is by far
 * the largest cost of an event; it signs the test vectors that hold this to the letter.
 * Source: Standard Webhooks specification, "Verifying webhook authenticity".
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

export type SignedMessage = {
  id: string | undefined;
  timestamp: string | undefined;
  signature: string | undefined;
  rawBody: Buffer;
};

/**
 * The specification leaves the id's letters open. Without a full stop in it, the signed text `id.timestamp.body` can be
 * cut in one way only, so no part of a signed body can ever pass as another id and timestamp.
 */
const ID = /^[A-Za-z0-9_-]{1,200}$/;
const TIMESTAMP = /^\d{10}$/;
const TOLERANCE_MS = 5 * 60_000;
/** The limit of the GPU endpoints; a longer body never costs a hash. */
export const MAX_BODY_BYTES = 256 * 1024;
/**
 * One to five signatures between single spaces: each costs a comparison, and a sender has at most two live secrets. Of a
 * header that came twice the parts are joined by commas, which fit nowhere here.
 */
const SIGNATURES = /^v\w{1,8},[A-Za-z0-9+/=]{1,200}( v\w{1,8},[A-Za-z0-9+/=]{1,200}){0,4}$/;

/**
 * Checks everything that is cheap first: shape, size, counts and time. Only then an HMAC is computed, one per secret.
 *
 * @param secrets `whsec_` + base64; two while a key is being replaced
 * @returns the message's id when one of its signatures is right and its time is within five minutes; null otherwise
 */
export function verifySignature(secrets: readonly string[], message: SignedMessage, now = Date.now()): string | null {
  const { id, timestamp, signature, rawBody } = message;
  if (!id || !ID.test(id) || !timestamp || !TIMESTAMP.test(timestamp) || !signature) return null;
  if (rawBody.length > MAX_BODY_BYTES || !SIGNATURES.test(signature)) return null;
  if (Math.abs(now - Number(timestamp) * 1000) > TOLERANCE_MS) return null;
  const right = secrets.flatMap((secret) => signatureOf(secret, id, timestamp, rawBody) ?? []);
  const given = signature.split(' ');
  return given.some((one) => right.some((expected) => isSame(one, expected))) ? id : null;
}

/** Null for an empty key, with which anyone could sign. */
function signatureOf(secret: string, id: string, timestamp: string, rawBody: Buffer): string | null {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (key.length === 0) return null;
  // As a key object: handing over a buffer costs three times the HMAC.
  const hmac = createHmac('sha256', createSecretKey(key)).update(`${id}.${timestamp}.`).update(rawBody);
  return `v1,${hmac.digest('base64')}`;
}

/** In constant time, and as text: base64 can be written in many ways that decode alike, and only one is a signature. */
function isSame(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
