/** Sessions we issued, and sessions of Clerk that its webhooks ended. */
import { appendAudit } from './audit.ts';
import type { Db } from './client.ts';

export async function insertSession(db: Db, session: { id: string; userId: string; expiresAt: Date }): Promise<void> {
  const { id, userId, expiresAt } = session;
  // One statement: signing in should cost no more than it did.
  await db.prisma.$executeRaw`
    WITH s AS (INSERT INTO "Session" (id, "userId", "expiresAt") VALUES (${id}, ${userId}::uuid, ${expiresAt}) RETURNING "userId")
    INSERT INTO "AuditEntry" (action, actor, subject)
    SELECT 'sign-in', u.pseudonym, u.pseudonym FROM s JOIN "User" u ON u.id = s."userId"`;
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
