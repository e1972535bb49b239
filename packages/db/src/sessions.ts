/** Sessions we issued, and sessions of Clerk that its webhooks ended. */
import type { Db } from './client.ts';

export async function insertSession(db: Db, session: { id: string; userId: string; expiresAt: Date }): Promise<void> {
  await db.prisma.session.create({ data: session });
}

/** Ends a session of ours; ending it again, or one we do not know, is not an error. */
export async function revokeSession(db: Db, sessionId: string): Promise<void> {
  await db.prisma.session.updateMany({ where: { id: sessionId, revokedAt: null }, data: { revokedAt: new Date() } });
}

/**
 * Puts a session of the identity provider on the deny list.
 *
 * @param keepUntil when its last token has expired for certain; the row may go then
 */
export async function denySession(db: Db, session: { id: string; keepUntil: Date }): Promise<void> {
  const revokedAt = new Date();
  await db.prisma.session.upsert({
    where: { id: session.id },
    create: { id: session.id, expiresAt: session.keepUntil, revokedAt },
    update: { revokedAt },
  });
}
