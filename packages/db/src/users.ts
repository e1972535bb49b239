/** Accounts: made on the first authenticated call, by signing up, or by the identity provider's webhook. */
import { newId } from '@pixgen/domain';
import { appendAudit } from './audit.ts';
import { createBatcher } from './batch.ts';
import type { Db } from './client.ts';
import { hashSubject } from './erasures.ts';
import type { Prisma } from './generated/client.ts';

export type UserRow = Prisma.UserGetPayload<Record<string, never>>;

/** `session` is null when this database knows nothing of it: fatal for a session of ours, normal for one of Clerk's. */
export type SessionOwner = {
  userId: string;
  role: string;
  status: string;
  session: { userId: string | null; expiresAt: Date; revokedAt: Date | null; lastSeenAt: Date } | null;
};

type OwnerRow = {
  ord: number;
  id: string | null;
  role: string;
  status: string;
  sid: string | null;
  sessionUserId: string | null;
  expiresAt: Date;
  revokedAt: Date | null;
  lastSeenAt: Date;
};

const FIND_OWNERS = `
SELECT q.ord::int, u.id, u.role, u.status, s.id AS sid, s."userId" AS "sessionUserId", s."expiresAt", s."revokedAt", s."lastSeenAt"
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q(subject, sid, ord)
LEFT JOIN "User" u ON u.subject = q.subject LEFT JOIN "Session" s ON s.id = q.sid`;

/**
 * Reads role, status and session of a caller. Every authenticated request asks this, so concurrent ones share a query.
 *
 * @returns null when the subject has no account yet
 */
export function createSessionOwnerLookup(db: Db) {
  return createBatcher<{ subject: string; sessionId: string }, SessionOwner | null>(
    async (requests) => {
      const values = [requests.map((one) => one.subject), requests.map((one) => one.sessionId)];
      const found = await db.pool.query<OwnerRow>({ name: 'find-session-owners', text: FIND_OWNERS, values });
      const answers: (SessionOwner | null)[] = requests.map(() => null);
      for (const row of found.rows) {
        if (row.id === null) continue;
        const { expiresAt, revokedAt, lastSeenAt } = row;
        const session = row.sid === null ? null : { userId: row.sessionUserId, expiresAt, revokedAt, lastSeenAt };
        answers[row.ord - 1] = { userId: row.id, role: row.role, status: row.status, session };
      }
      return answers;
    },
    { maxBatch: 200 },
  );
}

/**
 * Makes the account of a subject unless it exists: any number of concurrent first calls make one. Of a subject that was
 * erased none is made while a token or a message of before can still arrive.
 *
 * @param user.budgetLimitMicroUsd null: no budget is enforced
 */
export async function provisionUser(
  db: Db,
  user: { subject: string; role: 'member' | 'admin'; displayName: string; budgetLimitMicroUsd: number | null },
): Promise<void> {
  const budgetLimitMicroUsd = user.budgetLimitMicroUsd === null ? null : BigInt(user.budgetLimitMicroUsd);
  const id = newId();
  await db.prisma.$transaction(async (tx) => {
    if (await tx.erasedSubject.findUnique({ where: { subjectHash: hashSubject(user.subject) } })) return;
    const made = await tx.user.createMany({ data: { id, ...user, budgetLimitMicroUsd }, skipDuplicates: true });
    if (made.count === 1) await appendAudit(tx, { action: 'sign-up', actorId: id, subjectId: id });
  });
}

export type ProviderProfile = {
  subject: string;
  email: string | null;
  displayName: string;
  budgetLimitMicroUsd: number | null;
  /** The provider lets this person in no more. */
  banned: boolean;
  /** When the provider last changed this; null: it does not say. */
  updatedAt: Date | null;
};

/**
 * Takes over what the identity provider says of a person, unless newer news came before. The account is made when this is the
 * first we hear of it. A ban there suspends here, and its end lets in again whom it alone suspended.
 */
export async function saveProfile(db: Db, profile: ProviderProfile): Promise<void> {
  await provisionUser(db, { ...profileHead(profile), role: 'member' });
  const { subject, email, displayName, banned, updatedAt } = profile;
  await db.prisma.$transaction(async (tx) => {
    // News of somebody who is being erased come too late. An address is taken over only with the row that it belongs to.
    const changed = await tx.$executeRaw`
      UPDATE "User" u SET email = NULL, "displayName" = ${displayName}, "updatedAt" = now(),
        "providerUpdatedAt" = coalesce(${updatedAt}::timestamptz, u."providerUpdatedAt"),
        status = CASE WHEN u.status = 'active' AND ${banned} THEN 'suspended'
          WHEN u.status = 'suspended' AND u."providerSuspended" AND NOT ${banned} THEN 'active' ELSE u.status END,
        "providerSuspended" = ${banned} AND (u."providerSuspended" OR u.status = 'active')
      WHERE u.subject = ${subject} AND u.status <> 'erasing'
        AND (${updatedAt}::timestamptz IS NULL OR u."providerUpdatedAt" IS NULL OR u."providerUpdatedAt" < ${updatedAt}::timestamptz)`;
    if (changed === 0 || email === null) return;
    // An address that moved to another account of the provider leaves the old one.
    await tx.user.updateMany({ where: { email, NOT: { subject } }, data: { email: null } });
    await tx.user.update({ where: { subject }, data: { email } });
  });
}

function profileHead(profile: { subject: string; displayName: string; budgetLimitMicroUsd: number | null }) {
  const { subject, displayName, budgetLimitMicroUsd } = profile;
  return { subject, displayName, budgetLimitMicroUsd };
}

/** @returns null when there is no account of this subject */
export async function findUserId(db: Db, subject: string): Promise<string | null> {
  return (await db.prisma.user.findUnique({ where: { subject }, select: { id: true } }))?.id ?? null;
}

/** Gives the admin role to the configured subject if its account exists. */
export async function grantAdmin(db: Db, subject: string): Promise<void> {
  await db.prisma.user.updateMany({ where: { subject, NOT: { role: 'admin' } }, data: { role: 'admin' } });
}

export async function findUser(db: Db, userId: string): Promise<UserRow | null> {
  return db.prisma.user.findUnique({ where: { id: userId } });
}

export async function adminExists(db: Db): Promise<boolean> {
  return (await db.prisma.user.count({ where: { role: 'admin' }, take: 1 })) > 0;
}
