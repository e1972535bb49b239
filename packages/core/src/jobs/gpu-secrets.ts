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

/** The keys whose work is accepted: the current one, and the one before it while tickets made with it may be about. */
export type TicketKeys = { ticketKey: string; previousTicketKey: string | null };

function acceptedKeys({ ticketKey, previousTicketKey }: TicketKeys): string[] {
  return previousTicketKey === null ? [ticketKey] : [ticketKey, previousTicketKey];
}

/** Constant-time check of a ticket's token, which either key may have made. */
export function isTicketToken(keys: TicketKeys, jobId: string, attempt: number, token: string): boolean {
  const given = Buffer.from(token);
  return acceptedKeys(keys).some((key) => {
    const expected = Buffer.from(ticketToken(key, jobId, attempt));
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** Signing secret of one claim in the form of Standard Webhooks (`whsec_` + base64 of 32 bytes). */
export function claimSecret(ticketKey: string, jobId: string, attempt: number, claimEpoch: number): string {
  return `whsec_${createHmac('sha256', keyObject(ticketKey)).update(`claim:${jobId}:${attempt}:${claimEpoch}`).digest('base64')}`;
}

/** The secrets that a claim's events may be signed with: a work order given out before a rotation keeps its own. */
export function liveClaimSecrets(keys: TicketKeys, jobId: string, attempt: number, claimEpoch: number): string[] {
  return acceptedKeys(keys).map((key) => claimSecret(key, jobId, attempt, claimEpoch));
}
