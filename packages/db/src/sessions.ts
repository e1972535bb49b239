/** Sessions we issued, and sessions of Clerk that its webhooks ended. */
import { appendAudit } from './audit.ts';
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';

export type SessionRow = {
  id: string;
  device: string | null;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
};

/**
 * @param session.device what the browser says it is, in a few words; null when it does not
 * @param session.passwordHash the hash that a password was compared with; null where none was asked for
 * @returns false when the password was changed since: who knew only the old one is not let in
 */
export async function insertSession(
  db: Db,
  session: { id: string; userId: string; expiresAt: Date; device?: string | null; passwordHash?: string | null },
): Promise<boolean> {
  const { id, userId, expiresAt, device = null, passwordHash = null } = session;
  // One statement: signing in should cost no more than it did. The lock makes a change of the password wait for this
  // session, and then end it, or makes this wait for the change.
  const made = await db.prisma.$executeRaw`
    WITH s AS (INSERT INTO "Session" (id, "userId", "expiresAt", device)
      SELECT ${id}, ${userId}::uuid, ${expiresAt}, ${device}
      WHERE ${passwordHash}::text IS NULL OR EXISTS (
        SELECT 1 FROM "Credential" WHERE "userId" = ${userId}::uuid AND "passwordHash" = ${passwordHash} FOR SHARE)
      RETURNING "userId")
    INSERT INTO "AuditEntry" (action, actor, subject)
    SELECT 'sign-in', u.pseudonym, u.pseudonym FROM s JOIN "User" u ON u.id = s."userId"`;
  return made === 1;
}

/** Sessions of a person that still open something, the one used last first. @param seenAfter those idle for longer have ended */
export async function listSessions(db: Db, userId: string, seenAfter: Date, limit: number): Promise<SessionRow[]> {
  return db.prisma.session.findMany({
    where: { userId, revokedAt: null, expiresAt: { gt: new Date() }, lastSeenAt: { gt: seenAfter } },
    orderBy: { lastSeenAt: 'desc' },
    take: limit,
    select: { id: true, device: true, createdAt: true, lastSeenAt: true, expiresAt: true },
  });
}

/** Notes that a session is in use, unless that was noted after `before`: calls at once make one write. */
export async function touchSession(db: Db, sessionId: string, before: Date): Promise<void> {
  await db.prisma.session.updateMany({
    where: { id: sessionId, lastSeenAt: { lt: before } },
    data: { lastSeenAt: new Date() },
  });
}

/**
 * Ends sessions of one person.
 *
 * @param which `id`: this one; `except`: all but this one
 * @returns how many ended just now
 */
export async function endSessions(db: Db, userId: string, which: { id: string } | { except: string }): Promise<number> {
  return db.prisma.$transaction(async (tx) => {
    const count = await revokeSessionsOf(tx, userId, 'id' in which ? which.id : { not: which.except });
    if (count > 0)
      await appendAudit(tx, { action: 'sessions.ended', actorId: userId, subjectId: userId, detail: { count } });
    return count;
  });
}

/** All sessions of a person, as an administrator wants it. @returns how many ended just now; null: there is no such person */
export async function endSessionsFor(
  db: Db,
  { userId, actorId }: { userId: string; actorId: string },
): Promise<number | null> {
  return db.prisma.$transaction(async (tx) => {
    if (!(await tx.user.findUnique({ where: { id: userId }, select: { id: true } }))) return null;
    const count = await revokeSessionsOf(tx, userId);
    if (count > 0) await appendAudit(tx, { action: 'sessions.ended', actorId, subjectId: userId, detail: { count } });
    return count;
  });
}

/** @param id which of them; all when left out */
export async function revokeSessionsOf(
  tx: Prisma.TransactionClient,
  userId: string,
  id?: string | { not: string },
): Promise<number> {
  const now = new Date();
  const where = { userId, revokedAt: null, expiresAt: { gt: now }, ...(id !== undefined && { id }) };
  return (await tx.session.updateMany({ where, data: { revokedAt: now } })).count;
}

/** Ends a session of ours; ending it again, or one we do not know, is not an error. */
export async function revokeSession(db: Db, sessionId: string): Promise<void> {
  await db.prisma.$transaction(async (tx) => {
    const [ended] = await tx.session.updateManyAndReturn({
      where: { id: sessionId, revokedAt: null },
      data: { revokedAt: new Date() },
      select: { userId: true },
    });
    if (ended) await appendAudit(tx, { action: 'sign-out', actorId: ended.userId, subjectId: ended.userId });
  });
}

/**
 * Puts a session of the identity provider on the deny list.
 *
 * @param keepUntil when its last token has expired for certain; the row may go then
 */
export async function denySession(
  db: Db,
  session: { id: string; keepUntil: Date; subject: string | null },
): Promise<void> {
  await db.prisma.$transaction(async (tx) => {
    const data = { id: session.id, expiresAt: session.keepUntil, revokedAt: new Date() };
    const { count } = await tx.session.createMany({ data, skipDuplicates: true });
    const { id, revokedAt } = data;
    const ended =
      count > 0 ? count : (await tx.session.updateMany({ where: { id, revokedAt: null }, data: { revokedAt } })).count;
    // Told again: it is on the list.
    if (ended === 0) return;
    const user = session.subject && (await tx.user.findUnique({ where: { subject: session.subject } }));
    const userId = user ? user.id : null;
    await appendAudit(tx, { action: 'sign-out', actorId: userId, subjectId: userId });
  });
}
