/** Strikes: noted in one transaction with what they lead to, told to the person, lifted by administrators. */
import { newId, type StrikeReason } from '@pixgen/domain';
import type pg from 'pg';
import { appendAudit, appendPseudonymousAudit } from './audit.ts';
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';

/** Within `days` so many suspend; 0: none do. */
export type StrikeRule = { limit: number; days: number };
export type NotedStrike = {
  /** Those that count now, this one among them. */
  counted: number;
  suspended: boolean;
};

/** Not lifted, and younger than `$2` days. */
const COUNTED = `"liftedAt" IS NULL AND at > now() - $2 * interval '1 day'`;

/**
 * Call it in a transaction. The lock on the person makes parallel ones count each other. Administrators are not suspended by
 * it: nobody locks out the last one by accident.
 *
 * @param strike.pauseMs one of the same kind within this time is the same one; 0: each counts
 * @returns null for somebody who is not there (any more)
 */
export async function noteStrike(
  client: pg.ClientBase,
  strike: { userId: string; reason: StrikeReason; pauseMs: number; rule: StrikeRule },
): Promise<NotedStrike | null> {
  const { userId, reason, pauseMs, rule } = strike;
  const found = await client.query<{ pseudonym: string; role: string; status: string }>(
    'SELECT pseudonym, role, status FROM "User" WHERE id = $1 FOR NO KEY UPDATE',
    [userId],
  );
  const [user] = found.rows;
  if (!user || user.status === 'erasing') return null;
  const noted = await client.query(
    `INSERT INTO "Strike" (id, "userId", reason) SELECT $1, $2, $3 WHERE NOT EXISTS (
       -- A transaction that began later may have had the person first: its strike is younger than now.
       SELECT 1 FROM "Strike" WHERE $4 > 0 AND "userId" = $2 AND reason = $3 AND at > now() - $4 * interval '1 millisecond')`,
    [newId(), userId, reason, pauseMs],
  );
  const { rows } = await client.query<{ counted: number }>(
    `SELECT count(*)::int AS counted FROM "Strike" WHERE "userId" = $1 AND ${COUNTED}`,
    [userId, rule.days],
  );
  const counted = rows[0]?.counted ?? 0;
  const isNew = noted.rowCount === 1;
  const suspends =
    isNew && rule.limit > 0 && counted >= rule.limit && user.role !== 'admin' && user.status === 'active';
  if (suspends) await client.query(`UPDATE "User" SET status = 'suspended' WHERE id = $1`, [userId]);
  if (isNew) {
    const detail = { reason, counted, limit: rule.limit, suspended: suspends ? 'yes' : 'no' };
    await appendPseudonymousAudit(client, { action: 'strike.noted', actor: null, subject: user.pseudonym, detail });
  }
  return { counted, suspended: suspends || user.status === 'suspended' };
}

export type StrikeRow = { id: string; reason: string; at: Date; liftedAt: Date | null };

/** Newest first, those that count no more among them. */
export async function readStanding(
  db: Pick<Db, 'pool'>,
  userId: string,
  days: number,
): Promise<{ strikes: StrikeRow[]; counted: number }> {
  const { rows } = await db.pool.query<StrikeRow & { counts: boolean }>(
    `SELECT id, reason, at, "liftedAt", ${COUNTED} AS counts FROM "Strike" WHERE "userId" = $1 ORDER BY id DESC LIMIT 50`,
    [userId, days],
  );
  return { strikes: rows, counted: rows.filter(({ counts }) => counts).length };
}

const WITH_PERSON = {
  id: true,
  reason: true,
  at: true,
  liftedAt: true,
  user: { select: { id: true, displayName: true, status: true } },
} as const satisfies Prisma.StrikeSelect;
export type AdminStrikeRow = Prisma.StrikeGetPayload<{ select: typeof WITH_PERSON }>;

/** Of everybody, newest first. */
export async function listStrikeRows(
  db: Db,
  page: { before: string | null; limit: number; userId: string | null },
): Promise<AdminStrikeRow[]> {
  const where = { ...(page.before && { id: { lt: page.before } }), ...(page.userId && { userId: page.userId }) };
  return db.prisma.strike.findMany({ where, select: WITH_PERSON, orderBy: { id: 'desc' }, take: page.limit });
}

/** Lifting twice changes nothing. The person's status stays: letting somebody in again is an act of its own. */
export async function liftStrike(db: Db, lift: { id: string; actorId: string }): Promise<AdminStrikeRow | null> {
  const { id, actorId } = lift;
  return db.prisma.$transaction(async (tx) => {
    const moved = await tx.strike.updateMany({ where: { id, liftedAt: null }, data: { liftedAt: new Date() } });
    const row = await tx.strike.findUnique({ where: { id }, select: WITH_PERSON });
    if (row && moved.count === 1) {
      const detail = { reason: row.reason };
      await appendAudit(tx, { action: 'strike.lifted', actorId, subjectId: row.user.id, detail });
    }
    return row;
  });
}
