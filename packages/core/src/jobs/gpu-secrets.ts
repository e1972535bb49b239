/** Secrets of the GPU protocol, derived from one key: nothing to store, nothing to leak from a table. */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

const keyObjects = new Map<string, KeyObject>();

/** A key is turned into an object once: doing it for each HMAC costs more than the HMAC. */
function keyObject(ticketKey: string): KeyObject {
  const known = keyObjects.get(ticketKey);
  if (known) return known;
  const key = createSecretKey(ticketKey, 'utf8');
  keyObjects.set(ticketKey, key);
  return key;
}

/** Hex HMAC-SHA256; the same for every dispatch of an attempt, so a repeated submit sends an identical ticket. */
export function ticketToken(ticketKey: string, jobId: string, attempt: number): string {
  return createHmac('sha256', keyObject(ticketKey)).update(`ticket:${jobId}:${attempt}`).digest('hex');
}

/** Constant-time check of a ticket's token. */
export function isTicketToken(ticketKey: string, jobId: string, attempt: number, token: string): boolean {
  const expected = Buffer.from(ticketToken(ticketKey, jobId, attempt));
  const given = Buffer.from(token);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Signing secret of one claim in the form of Standard Webhooks (`whsec_` + base64 of 32 bytes). */
export function claimSecret(ticketKey: string, jobId: string, attempt: number, claimEpoch: number): string {
  return `whsec_${createHmac('sha256', keyObject(ticketKey)).update(`claim:${jobId}:${attempt}:${claimEpoch}`).digest('base64')}`;
}
