/** Reports: received from anybody and decided once. */
import type { ReportDecision, ReportReason, ReportState, ReportTarget } from '@pixgen/domain';
import type pg from 'pg';
import { appendPseudonymousAudit, pseudonymOf } from './audit.ts';
import type { Db } from './client.ts';
import { ERASED_AT, requestErasureIn } from './erasures.ts';
import { noteStrike, type StrikeRule } from './strikes.ts';
import { inTransaction } from './transaction.ts';

export type ReportRow = {
  id: string;
  state: ReportState;
  reason: ReportReason;
  what: string;
  words: string;
  contact: string | null;
  namedIds: string[];
  reporterId: string | null;
  receivedAt: Date;
  dueAt: Date;
  decidedAt: Date | null;
  /** Open, and past its time by the database's clock. */
  overdue: boolean;
};
const COLUMNS = `r.*, (r.state = 'open' AND r."dueAt" < now()) AS overdue`;

/** The same statements whatever the report names: nothing is looked up. */
export async function fileReport(
  db: Pick<Db, 'pool'>,
  report: {
    id: string;
    codeHash: string;
    reason: ReportReason;
    what: string;
    words: string;
    contact: string | null;
    namedIds: string[];
    reporterId: string | null;
    dueMs: number;
  },
): Promise<{ receivedAt: Date; dueAt: Date }> {
  const { id, codeHash, reason, what, words, contact, namedIds, reporterId, dueMs } = report;
  return inTransaction(db.pool, async (client) => {
    const { rows } = await client.query<{ receivedAt: Date; dueAt: Date }>(
      `INSERT INTO "Report" (id, "codeHash", reason, what, words, contact, "namedIds", "reporterId", "dueAt")
       VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT id FROM "User" WHERE id = $8 AND status <> 'erasing'),
         now() + $9 * interval '1 millisecond') RETURNING "receivedAt", "dueAt"`,
      [id, codeHash, reason, what, words, contact, namedIds, reporterId, dueMs],
    );
    const [row] = rows;
    if (!row) throw new Error('a report was not written');
    const actor = await pseudonymOf(client, reporterId);
    const detail = { reportId: id, reason };
    await appendPseudonymousAudit(client, { action: 'report.received', actor, subject: null, detail });
    return row;
  });
}

export async function findReportByCode(db: Pick<Db, 'pool'>, codeHash: string): Promise<ReportRow | null> {
  const { rows } = await db.pool.query<ReportRow>(`SELECT ${COLUMNS} FROM "Report" r WHERE "codeHash" = $1`, [
    codeHash,
  ]);
  return rows[0] ?? null;
}

/** Open ones by what is due first, which is the order they came in; the others newest first. */
export async function listReportRows(
  db: Pick<Db, 'pool'>,
  page: { open: boolean; after: string | null; limit: number },
): Promise<ReportRow[]> {
  const text = page.open
    ? `WHERE r.state = 'open' AND ($1::uuid IS NULL OR r.id > $1) ORDER BY r.id`
    : `WHERE r.state <> 'open' AND ($1::uuid IS NULL OR r.id < $1) ORDER BY r.id DESC`;
  const { rows } = await db.pool.query<ReportRow>(`SELECT ${COLUMNS} FROM "Report" r ${text} LIMIT $2`, [
    page.after,
    page.limit,
  ]);
  return rows;
}

export type ReportDetailRow = ReportRow & { reporterName: string | null };

export async function findReport(db: Pick<Db, 'pool'>, id: string): Promise<ReportDetailRow | null> {
  const { rows } = await db.pool.query<ReportDetailRow>(
    `SELECT ${COLUMNS}, u."displayName" AS "reporterName" FROM "Report" r LEFT JOIN "User" u ON u.id = r."reporterId"
     WHERE r.id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

export async function readReportClock(
  db: Pick<Db, 'pool'>,
): Promise<{ open: number; overdue: number; nextDueAt: Date | null }> {
  const { rows } = await db.pool.query<{ open: number; overdue: number; nextDueAt: Date | null }>(
    `SELECT count(*)::int AS open, count(*) FILTER (WHERE "dueAt" < now())::int AS overdue, min("dueAt") AS "nextDueAt"
     FROM "Report" WHERE state = 'open'`,
  );
  return rows[0] ?? { open: 0, overdue: 0, nextDueAt: null };
}

export type TargetRow = {
  id: string;
  kind: ReportTarget['kind'];
  userId: string;
  modelId: string;
  modelName: string;
  ownerName: string;
  ownerStatus: 'active' | 'suspended';
  strikes: number;
  /** Of an image or a sample. */
  storageKey: string | null;
};

const TARGETS = `
SELECT t.id, t.kind, m."userId", m.id AS "modelId", m.name AS "modelName", u."displayName" AS "ownerName",
  u.status AS "ownerStatus", t."storageKey",
  (SELECT count(*)::int FROM "Strike" s WHERE s."userId" = u.id AND s."liftedAt" IS NULL) AS strikes
FROM (
  SELECT id, 'image' AS kind, "modelId", "storageKey" FROM "Image" WHERE id = ANY ($1::uuid[]) AND "storageKey" IS NOT NULL
  UNION ALL SELECT id, 'photo', "modelId", NULL FROM "Photo"
    WHERE id = ANY ($1::uuid[]) AND state = 'ready' AND "deletedAt" IS DISTINCT FROM $2
  UNION ALL SELECT s.id, 'sample', t."modelId", s."storageKey" FROM "Sample" s JOIN "Training" t ON t.id = s."trainingId"
    WHERE s.id = ANY ($1::uuid[])
  UNION ALL SELECT id, 'generation', "modelId", NULL FROM "Generation" WHERE id = ANY ($1::uuid[])
  UNION ALL SELECT id, 'model', id, NULL FROM "Model" WHERE id = ANY ($1::uuid[])
) t JOIN "Model" m ON m.id = t."modelId" JOIN "User" u ON u.id = m."userId"
WHERE m."deletedAt" IS DISTINCT FROM $2 AND u.status <> 'erasing' ORDER BY t.id`;

/** What there is of these ids, also in somebody's trash; what is being erased is not. For administrators only. */
export async function findReportTargets(client: pg.ClientBase | pg.Pool, ids: readonly string[]): Promise<TargetRow[]> {
  return (await client.query<TargetRow>(TARGETS, [ids, ERASED_AT])).rows;
}

/** Looking at a stranger's picture leaves a line of its own. */
export async function logReportView(
  db: Pick<Db, 'pool'>,
  view: { reportId: string; actorId: string; ownerId: string | null; pictures: number },
): Promise<void> {
  const { reportId, actorId, ownerId, pictures } = view;
  const [actor, subject] = [await pseudonymOf(db.pool, actorId), await pseudonymOf(db.pool, ownerId)];
  await appendPseudonymousAudit(db.pool, { action: 'report.viewed', actor, subject, detail: { reportId, pictures } });
}

export type DecideOutcome = 'done' | 'absent' | 'decided' | 'no-target' | 'no-picture' | 'own-account';
const STATE: Record<ReportDecision, ReportState> = {
  dismiss: 'dismissed',
  'take-down-picture': 'taken-down',
  'take-down-model': 'taken-down',
  'suspend-person': 'suspended',
};

/**
 * Decides a report, once, with all that follows in one transaction: from the commit on nobody is shown what was taken down,
 * and a worker erases it.
 *
 * @param choice.codeHash of the receipt of the erasure, which nobody is given
 */
export async function decideReport(
  db: Pick<Db, 'pool'>,
  choice: {
    id: string;
    actorId: string;
    decision: ReportDecision;
    targetId: string | null;
    codeHash: string;
    rule: StrikeRule;
  },
): Promise<DecideOutcome> {
  const { id, actorId, decision, targetId, codeHash, rule } = choice;
  return inTransaction(db.pool, async (client) => {
    const [target] = targetId === null ? [] : await findReportTargets(client, [targetId]);
    // People before reports, as an erasure locks them.
    if (target) await client.query('SELECT 1 FROM "User" WHERE id = $1 FOR NO KEY UPDATE', [target.userId]);
    const found = await client.query<{ state: ReportState }>('SELECT state FROM "Report" WHERE id = $1 FOR UPDATE', [
      id,
    ]);
    const [report] = found.rows;
    if (!report) return 'absent';
    if (report.state !== 'open') return 'decided';
    let erasureId: string | null = null;
    if (decision !== 'dismiss') {
      if (!target) return 'no-target';
      if (decision === 'suspend-person') {
        if (target.userId === actorId) return 'own-account';
        await client.query(
          `UPDATE "User" SET status = 'suspended', "providerSuspended" = false WHERE id = $1 AND status <> 'erasing'`,
          [target.userId],
        );
      } else {
        const kind = decision === 'take-down-model' ? 'model' : target.kind;
        if (kind !== 'model' && kind !== 'image' && kind !== 'photo') return 'no-picture';
        if (decision === 'take-down-picture' && kind === 'model') return 'no-picture';
        const erasure = { kind, userId: target.userId, requestedBy: 'operator', codeHash } as const;
        const erased = await requestErasureIn(client, {
          ...erasure,
          targetId: kind === 'model' ? target.modelId : target.id,
        });
        if (erased === 'absent') return 'no-target';
        if (erased !== 'under-way') erasureId = erased.id;
        await noteStrike(client, { userId: target.userId, reason: 'taken-down', pauseMs: 0, rule });
      }
    }
    await client.query('UPDATE "Report" SET state = $2, "decidedAt" = now() WHERE id = $1', [id, STATE[decision]]);
    const [actor, subject] = [
      await pseudonymOf(client, actorId),
      decision === 'dismiss' ? null : await pseudonymOf(client, target?.userId ?? null),
    ];
    const detail = { reportId: id, decision, kind: target?.kind ?? null, erasureId };
    await appendPseudonymousAudit(client, { action: 'report.decided', actor, subject, detail });
    return 'done';
  });
}

/** Long after the decision nobody needs to know who said what. */
export async function removeOldReports(pool: pg.Pool, decidedBefore: Date): Promise<void> {
  await pool.query('DELETE FROM "Report" WHERE "decidedAt" < $1', [decidedBefore]);
}
