/**
 * What Clerk tells us of people and sessions (https://clerk.com/docs/webhooks). Deliveries come twice, late and in any order:
 * the newest news of a person stay, and everything else has the same effect once or often.
 */
import { denySession, findUserId, type ProviderProfile, saveProfile } from '@pixgen/db';
import { AppError, say } from '@pixgen/domain';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { eraseAccountOf } from '../erasure/request-erasure.ts';

/** Clerk's session tokens live for a minute; a day is far past the last of them. */
const DENY_MS = 86_400_000;

const clerkId = z.string().min(1).max(200);
const person = z.object({
  id: clerkId,
  first_name: z.string().max(200).nullish(),
  last_name: z.string().max(200).nullish(),
  // `locked` is not read: Clerk locks after wrong passwords, so a stranger could suspend whom they like.
  banned: z.boolean().nullish(),
  /** Milliseconds since 1970. */
  updated_at: z.int().min(0).nullish(),
  primary_email_address_id: z.string().nullish(),
  email_addresses: z.array(z.object({ id: z.string(), email_address: z.email().max(254).toLowerCase() })).default([]),
});
const clerkEvent = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['user.created', 'user.updated']), data: person }),
  z.object({ type: z.literal('user.deleted'), data: z.object({ id: clerkId }) }),
  z.object({
    type: z.enum(['session.ended', 'session.removed', 'session.revoked']),
    data: z.object({ id: clerkId, user_id: clerkId.nullish() }),
  }),
]);

/** The three headers of a Svix or Standard Webhooks delivery. */
export type SignedHeaders = { id: string | undefined; timestamp: string | undefined; signature: string | undefined };

/**
 * Checks a delivery over its raw bytes (five minutes of tolerance, constant time) and applies it.
 *
 * @param secret `whsec_…`, as Clerk shows it
 * @returns false for an event of a kind or form that we do not use; the sender need not repeat it
 * @throws AppError SIGNATURE_INVALID
 */
export async function receiveClerkEvent(
  deps: Pick<Deps, 'db' | 'config'>,
  secret: string,
  delivery: { rawBody: Buffer; headers: SignedHeaders },
): Promise<boolean> {
  const event = clerkEvent.safeParse(verify(secret, delivery));
  if (!event.success) return false;
  const { type, data } = event.data;
  switch (type) {
    case 'user.created':
    case 'user.updated':
      await saveProfile(deps.db, { ...toProfile(data), budgetLimitMicroUsd: deps.config.defaultBudgetMicroUsd });
      return true;
    case 'user.deleted': {
      const userId = await findUserId(deps.db, data.id);
      if (userId !== null) await eraseAccountOf(deps, userId, 'identity-provider');
      return true;
    }
    default: {
      const subject = data.user_id ?? null;
      await denySession(deps.db, { id: data.id, subject, keepUntil: new Date(Date.now() + DENY_MS) });
      return true;
    }
  }
}

function verify(secret: string, { rawBody, headers }: { rawBody: Buffer; headers: SignedHeaders }): unknown {
  const { id, timestamp, signature } = headers;
  // The library's own reader of timestamps takes `123abc`.
  const wellFormed = id !== undefined && signature !== undefined && /^\d{10}$/.test(timestamp ?? '');
  try {
    if (!wellFormed) throw new Error('a header is missing or malformed');
    return new Webhook(secret).verify(rawBody.toString('utf8'), {
      'webhook-id': id,
      'webhook-timestamp': timestamp ?? '',
      'webhook-signature': signature,
    });
  } catch (error) {
    throw new AppError('SIGNATURE_INVALID', say`The signature of this delivery is not valid.`, { cause: error });
  }
}

function toProfile(data: z.infer<typeof person>): Omit<ProviderProfile, 'budgetLimitMicroUsd'> {
  const primary = data.email_addresses.find((address) => address.id === data.primary_email_address_id);
  const name = [data.first_name, data.last_name].filter(Boolean).join(' ').slice(0, 80);
  return {
    subject: data.id,
    email: primary?.email_address ?? null,
    displayName: name || 'New member',
    banned: data.banned ?? false,
    updatedAt: typeof data.updated_at === 'number' ? new Date(data.updated_at) : null,
  };
}
