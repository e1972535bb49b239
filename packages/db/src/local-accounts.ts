/** Accounts of our own issuer: passwords, invitations and the first admin. */
import { newId } from '@pixgen/domain';
import { appendAudit } from './audit.ts';
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';
import { revokeSessionsOf } from './sessions.ts';
import type { UserRow } from './users.ts';

export type NewLocalUser = {
  email: string;
  displayName: string;
  passwordHash: string;
  budgetLimitMicroUsd: number | null;
};
export type CredentialRow = { userId: string; subject: string; passwordHash: string };

/** Any fixed number: whoever makes the first admin holds this lock until the transaction ends. */
const FIRST_ADMIN_LOCK = 7_201_112;

/**
 * @param inviteHash the invitation this account uses up; null where none is needed
 * @returns null when the invitation is unknown, used or expired
 * @throws a unique violation on `email` when the address is taken; the invitation then stays unused
 */
export async function createLocalUser(db: Db, user: NewLocalUser, inviteHash: string | null): Promise<UserRow | null> {
  return db.prisma.$transaction(async (tx) => {
    if (inviteHash !== null && !(await useInvite(tx, inviteHash, 'invite'))) return null;
    const made = await insertUser(tx, user, 'member');
    await appendAudit(tx, { action: 'sign-up', actorId: made.id, subjectId: made.id });
    return made;
  });
}

/**
 * The first admin, by the one-time link.
 *
 * @returns null when the link is unknown, used or expired, or when there is an admin already
 * @throws a unique violation on `email` when the address is taken; the link then stays unused
 */
export async function createFirstAdmin(db: Db, user: NewLocalUser, linkHash: string): Promise<UserRow | null> {
  return db.prisma.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${FIRST_ADMIN_LOCK})`;
    if ((await tx.user.count({ where: { role: 'admin' } })) > 0) return null;
    if (!(await useInvite(tx, linkHash, 'set-up'))) return null;
    const made = await insertUser(tx, user, 'admin');
    await appendAudit(tx, { action: 'set-up', actorId: made.id, subjectId: made.id });
    return made;
  });
}

type InviteKind = 'invite' | 'set-up' | 'password';

/** Whether a link could still be used: asked before a password is hashed, so that made-up links cost us nothing. */
export async function isInviteOpen(db: Db, codeHash: string, kind: InviteKind): Promise<boolean> {
  return (
    (await db.prisma.invite.count({ where: { codeHash, kind, usedAt: null, expiresAt: { gt: new Date() } } })) === 1
  );
}

/** Guarded update: of any number of concurrent uses one succeeds. */
async function useInvite(tx: Prisma.TransactionClient, codeHash: string, kind: InviteKind): Promise<boolean> {
  const now = new Date();
  const used = await tx.invite.updateMany({
    where: { codeHash, kind, usedAt: null, expiresAt: { gt: now } },
    data: { usedAt: now },
  });
  return used.count === 1;
}

function insertUser(tx: Prisma.TransactionClient, user: NewLocalUser, role: 'member' | 'admin'): Promise<UserRow> {
  const id = newId();
  const { email, displayName, passwordHash } = user;
  const budgetLimitMicroUsd = user.budgetLimitMicroUsd === null ? null : BigInt(user.budgetLimitMicroUsd);
  const subject = `local_${id.replaceAll('-', '')}`;
  const credential = { create: { passwordHash } };
  return tx.user.create({ data: { id, subject, email, displayName, role, budgetLimitMicroUsd, credential } });
}

/** @param createdBy null for the set-up link, which the operator's command makes */
export async function insertInvite(
  db: Db,
  invite: { codeHash: string; kind: 'invite' | 'set-up'; createdBy: string | null; expiresAt: Date },
): Promise<void> {
  await db.prisma.$transaction(async (tx) => {
    // One set-up link at a time: printing a new one makes the old one worthless.
    if (invite.kind === 'set-up') await tx.invite.deleteMany({ where: { kind: 'set-up', usedAt: null } });
    await tx.invite.create({ data: invite });
    const detail = { kind: invite.kind };
    await appendAudit(tx, { action: 'invite.made', actorId: invite.createdBy, subjectId: null, detail });
  });
}

/**
 * A link that sets a person's password; earlier ones of theirs stop working.
 *
 * @param link.createdBy null when the operator's command makes it
 * @param link.ofRole only for a person of this role; anybody's when left out
 * @returns false when nobody with a password has this id
 */
export async function insertPasswordLink(
  db: Db,
  link: { codeHash: string; userId: string; createdBy: string | null; expiresAt: Date; ofRole?: 'member' },
): Promise<boolean> {
  const { ofRole, ...row } = link;
  return db.prisma.$transaction(async (tx) => {
    const where = { userId: link.userId, ...(ofRole && { user: { role: ofRole } }) };
    if ((await tx.credential.count({ where })) === 0) return false;
    await tx.invite.deleteMany({ where: { userId: link.userId, usedAt: null } });
    await tx.invite.create({ data: { ...row, kind: 'password' } });
    await appendAudit(tx, { action: 'password-link.made', actorId: link.createdBy, subjectId: link.userId });
    return true;
  });
}

/** Whose password a link sets. @returns null when the link is unknown, used or expired */
export async function findPasswordLink(db: Db, codeHash: string): Promise<LocalUser | null> {
  const link = await db.prisma.invite.findFirst({
    where: { codeHash, kind: 'password', usedAt: null, expiresAt: { gt: new Date() } },
    select: { user: { select: LOCAL_USER } },
  });
  return link?.user ?? null;
}

/**
 * Sets a password by a link. Every session and every other link of the person ends with it.
 *
 * @returns false when the link was used in the meantime
 */
export async function setPasswordByLink(
  db: Db,
  change: { codeHash: string; userId: string; passwordHash: string },
): Promise<boolean> {
  const { codeHash, userId, passwordHash } = change;
  return db.prisma
    .$transaction(async (tx) => {
      // The password before the link, as an erasure takes them: neither waits for the other for ever.
      const data = { passwordHash, failedCount: 0, lockedUntil: null };
      const { count } = await tx.credential.updateMany({ where: { userId }, data });
      if (count === 0) return false;
      if (!(await useInvite(tx, codeHash, 'password'))) throw new LinkIsUsed();
      await endAllOf(tx, userId, 'link');
      return true;
    })
    .catch((error: unknown) => {
      if (error instanceof LinkIsUsed) return false;
      throw error;
    });
}

/** Takes back what its transaction wrote. */
class LinkIsUsed extends Error {}

/**
 * Replaces a password. Every session and every open link of the person ends with it.
 *
 * @param change.from the hash that the old password was compared with
 * @returns false when it was replaced in the meantime
 */
export async function replacePassword(
  db: Db,
  change: { userId: string; from: string; passwordHash: string },
): Promise<boolean> {
  const { userId, from, passwordHash } = change;
  return db.prisma.$transaction(async (tx) => {
    const data = { passwordHash, failedCount: 0, lockedUntil: null };
    const { count } = await tx.credential.updateMany({ where: { userId, passwordHash: from }, data });
    if (count === 0) return false;
    await endAllOf(tx, userId, 'person');
    return true;
  });
}

async function endAllOf(tx: Prisma.TransactionClient, userId: string, by: 'person' | 'link'): Promise<void> {
  const sessions = await revokeSessionsOf(tx, userId);
  await tx.invite.deleteMany({ where: { userId, usedAt: null } });
  await appendAudit(tx, {
    action: 'password.changed',
    actorId: by === 'person' ? userId : null,
    subjectId: userId,
    detail: { by, sessions },
  });
}

const LOCAL_USER = { id: true, subject: true, email: true, displayName: true } as const;
export type LocalUser = Pick<UserRow, keyof typeof LOCAL_USER>;

/** @returns null when nobody with a password has this address */
export async function findLocalUser(db: Db, email: string): Promise<LocalUser | null> {
  return db.prisma.user.findFirst({ where: { email, credential: { isNot: null } }, select: LOCAL_USER });
}

export async function findCredential(db: Db, email: string): Promise<CredentialRow | null> {
  const found = await db.prisma.credential.findFirst({
    where: { user: { email } },
    select: { userId: true, passwordHash: true, user: { select: { subject: true } } },
  });
  return found && { userId: found.userId, passwordHash: found.passwordHash, subject: found.user.subject };
}

export async function findCredentialOf(
  db: Db,
  userId: string,
): Promise<{ passwordHash: string; user: LocalUser } | null> {
  return db.prisma.credential.findUnique({
    where: { userId },
    select: { passwordHash: true, user: { select: LOCAL_USER } },
  });
}

/** Where a password is tried: what counts as one place, and what all places together may. */
export type TryLimit = { tries: number; triesOverall: number; restMs: number };

const TRY = `
WITH here AS (
  INSERT INTO "CallCount" AS c (key, points, expire) VALUES ($2, 1, $4::bigint + $6::bigint)
  ON CONFLICT (key) DO UPDATE SET points = CASE WHEN c.expire <= $4::bigint THEN 1 ELSE c.points + 1 END,
    expire = CASE WHEN c.expire <= $4::bigint THEN excluded.expire ELSE c.expire END
  RETURNING points <= $5::int AS allowed
),
known AS (SELECT 1 FROM "CallCount" WHERE key = $3 AND expire > $4::bigint),
overall AS (
  UPDATE "Credential" SET
    "failedCount" = CASE WHEN "lockedUntil" IS NULL THEN "failedCount" + 1 ELSE 1 END,
    "lockedUntil" = CASE WHEN "lockedUntil" IS NULL AND "failedCount" + 1 >= $7::int THEN now() + $6::bigint * interval '1 millisecond' END,
    "updatedAt" = now()
  WHERE "userId" = $1::uuid AND ("lockedUntil" IS NULL OR "lockedUntil" <= now())
    AND (SELECT allowed FROM here) AND NOT EXISTS (SELECT FROM known)
  RETURNING 1
)
SELECT (SELECT allowed FROM here) AND (EXISTS (SELECT FROM known) OR EXISTS (SELECT FROM overall)) AS allowed`;

const triesKey = (userId: string, network: string): string => `sign-in:${userId}:${network}`;
const knownKey = (userId: string, network: string): string => `signed-in:${userId}:${network}`;

/**
 * Counts a try *before* the password is looked at, so that parallel guesses cannot share one count: those of one network, and
 * those of all networks from which the person has not signed in lately. A stranger's guesses keep nobody out of their account.
 *
 * @param network what an address is counted under
 * @returns false while the account rests, for this network or for all that it does not know
 */
export async function countSignInTry(db: Db, userId: string, network: string, limit: TryLimit): Promise<boolean> {
  const { rows } = await db.pool.query<{ allowed: boolean }>({
    name: 'sign-in-try',
    text: TRY,
    values: [
      userId,
      triesKey(userId, network),
      knownKey(userId, network),
      Date.now(),
      limit.tries,
      limit.restMs,
      limit.triesOverall,
    ],
  });
  return rows[0]?.allowed === true;
}

/** Someone tried and did not get in. @param userId whose account it was; null for an address without one */
export async function logFailedSignIn(db: Db, userId: string | null): Promise<void> {
  await appendAudit(db.prisma, { action: 'sign-in.failed', actorId: null, subjectId: userId });
}

/** The right password: nothing is counted any more, and the network is known as the person's. */
export async function forgetSignInTries(db: Db, userId: string, network: string, knownForMs: number): Promise<void> {
  await db.pool.query({
    name: 'forget-sign-in-tries',
    text: `WITH gone AS (DELETE FROM "CallCount" WHERE key = $2),
      known AS (INSERT INTO "CallCount" (key, points, expire) VALUES ($3, 1, $4::bigint) ON CONFLICT (key) DO UPDATE SET expire = excluded.expire)
      UPDATE "Credential" SET "failedCount" = 0, "lockedUntil" = NULL WHERE "userId" = $1::uuid`,
    values: [userId, triesKey(userId, network), knownKey(userId, network), Date.now() + knownForMs],
  });
}
