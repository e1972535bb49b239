/** The audit log: entries that are only ever added, and the chain of hashes over them. Both hold pseudonyms only. */
import { createHash } from 'node:crypto';
import type { AuditAction } from '@pixgen/domain';
import pg from 'pg';
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';
import { inTransaction } from './transaction.ts';

export type NewAuditEntry = {
  action: AuditAction;
  /** Who did it; null for the system and for strangers. */
  actorId: string | null;
  /** Whom it concerns. */
  subjectId: string | null;
  /** No personal data: kinds, counts, ids of things. */
  detail?: Record<string, string | number | null>;
};

/** Writes an entry in the transaction of what it records. People who are not there (any more) are left out. */
export async function appendAudit(tx: Prisma.TransactionClient, entry: NewAuditEntry): Promise<void> {
  const { action, actorId, subjectId, detail = {} } = entry;
  await tx.$executeRaw`
    INSERT INTO "AuditEntry" (action, actor, subject, detail) VALUES (${action},
      (SELECT pseudonym FROM "User" WHERE id = ${actorId}::uuid), (SELECT pseudonym FROM "User" WHERE id = ${subjectId}::uuid),
      ${JSON.stringify(detail)}::jsonb)`;
}

/** An administrator's act whose effect is written elsewhere. */
export async function logAdminAct(db: Db, act: Pick<NewAuditEntry, 'action' | 'actorId' | 'detail'>): Promise<void> {
  await appendAudit(db.prisma, { ...act, subjectId: null });
}

/** For a transaction in plain SQL, and for pseudonyms whose account is gone. */
export async function appendPseudonymousAudit(
  client: pg.ClientBase | pg.Pool,
  entry: Pick<NewAuditEntry, 'action' | 'detail'> & { actor: string | null; subject: string | null },
): Promise<void> {
  await client.query('INSERT INTO "AuditEntry" (action, actor, subject, detail) VALUES ($1, $2, $3, $4)', [
    entry.action,
    entry.actor,
    entry.subject,
    JSON.stringify(entry.detail ?? {}),
  ]);
}

/** @returns null for nobody, and for somebody who is gone */
export async function pseudonymOf(client: pg.ClientBase | pg.Pool, userId: string | null): Promise<string | null> {
  if (userId === null) return null;
  const { rows } = await client.query<{ pseudonym: string }>('SELECT pseudonym FROM "User" WHERE id = $1', [userId]);
  return rows[0]?.pseudonym ?? null;
}

type EntryRow = {
  id: string;
  at: Date;
  action: string;
  actor: string | null;
  subject: string | null;
  detail: Record<string, unknown>;
};
export type AuditHead = { number: number; hash: string };

/** What the first link hashes instead of a link before it. */
const GENESIS = '0'.repeat(64);
/** Any fixed number: whoever links holds this lock until the transaction ends. */
const LINK_LOCK = 7_201_120;

/** SHA-256 over the link before and the entry as canonical JSON: an array, the detail's names sorted. */
function linkHash(previous: string, entry: EntryRow): string {
  const detail = Object.fromEntries(Object.entries(entry.detail).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const { id, at, action, actor, subject } = entry;
  const canonical = JSON.stringify([previous, id, at.toISOString(), action, actor, subject, detail]);
  return createHash('sha256').update(canonical).digest('hex');
}

/**
 * Links entries that wait for it, oldest first. Writers never meet the chain; a second linker waits for the first.
 *
 * @returns how many were linked
 */
export async function linkAudit(pool: pg.Pool, limit = 1_000): Promise<number> {
  return inTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [LINK_LOCK]);
    const { rows: entries } = await client.query<EntryRow>(
      `WITH taken AS (DELETE FROM "AuditUnlinked" WHERE "entryId" IN (
         SELECT "entryId" FROM "AuditUnlinked" ORDER BY "entryId" LIMIT $1) RETURNING "entryId")
       SELECT e.* FROM taken JOIN "AuditEntry" e ON e.id = taken."entryId" ORDER BY e.id`,
      [limit],
    );
    if (entries.length === 0) return 0;
    const last = await client.query<{ number: string; hash: string }>(
      'SELECT number, hash FROM "AuditLink" ORDER BY number DESC LIMIT 1',
    );
    let hash = last.rows[0]?.hash ?? GENESIS;
    let number = Number(last.rows[0]?.number ?? 0);
    const links = entries.map((entry) => {
      hash = linkHash(hash, entry);
      number += 1;
      return { number, entryId: entry.id, hash };
    });
    await client.query(
      `INSERT INTO "AuditLink" (number, "entryId", hash)
       SELECT r.number, r."entryId", r.hash FROM jsonb_to_recordset($1::jsonb) AS r(number bigint, "entryId" bigint, hash text)`,
      [JSON.stringify(links)],
    );
    return links.length;
  });
}

/** Hex SHA-256 of an erasure's receipt as JSON with sorted names, whatever order its file has them in. */
export function hashReceipt(receipt: object): string {
  const canonical = JSON.stringify(receipt, (_, value: unknown) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256').update(canonical).digest('hex');
}

export type AuditFinding = {
  /**
   * - `number-missing`: a link was taken out of the chain
   * - `entry-missing`: a link whose entry is gone
   * - `hash-differs`: the entry, or the link before it, is not what was linked
   * - `entry-unlinked`: an entry that is neither linked nor waits for it
   * - `head-differs`: the head that was given is not in the chain: its end was cut off or written anew
   * - `receipt-unknown`: no linked entry tells of this receipt
   */
  kind: 'number-missing' | 'entry-missing' | 'hash-differs' | 'entry-unlinked' | 'head-differs' | 'receipt-unknown';
  /** Of the link, or of the entry that has none. */
  number: number;
};
export type AuditVerdict = { links: number; waiting: number; head: AuditHead | null; findings: AuditFinding[] };

const VERIFY_BATCH = 5_000;

/**
 * Reads the whole log on a connection of its own and hashes it again.
 *
 * @param url `postgresql://…`
 * @param known.head a head that an earlier run told: what came before it must still be there
 * @param known.receiptSha256 hex, of an erasure's receipt
 */
export async function verifyAudit(
  url: string,
  known: { head?: AuditHead; receiptSha256?: string } = {},
): Promise<AuditVerdict> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 60_000 });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await readChain(client, known);
  } finally {
    await client.end();
  }
}

async function readChain(
  client: pg.Client,
  known: { head?: AuditHead; receiptSha256?: string },
): Promise<AuditVerdict> {
  type LinkedRow = { number: string; hash: string; entryId: string | null } & Omit<EntryRow, 'id'> & {
      id: string | null;
    };
  const findings: AuditFinding[] = [];
  let head: AuditHead | null = null;
  let links = 0;
  let headSeen = known.head === undefined;
  let receiptSeen = known.receiptSha256 === undefined;
  for (;;) {
    const batch: pg.QueryResult<LinkedRow> = await client.query(
      `SELECT l.number, l.hash, e.* FROM "AuditLink" l LEFT JOIN "AuditEntry" e ON e.id = l."entryId"
       WHERE l.number > $1 ORDER BY l.number LIMIT ${VERIFY_BATCH}`,
      [head?.number ?? 0],
    );
    for (const row of batch.rows) {
      const number = Number(row.number);
      const expected: number = (head?.number ?? 0) + 1;
      if (number !== expected) findings.push({ kind: 'number-missing', number: expected });
      if (row.id === null) findings.push({ kind: 'entry-missing', number });
      else if (linkHash(head?.hash ?? GENESIS, { ...row, id: row.id }) !== row.hash)
        findings.push({ kind: 'hash-differs', number });
      if (known.head && known.head.number === number && known.head.hash === row.hash) headSeen = true;
      if (known.receiptSha256 !== undefined && row.detail?.receiptSha256 === known.receiptSha256) receiptSeen = true;
      head = { number, hash: row.hash };
      links += 1;
    }
    if (batch.rows.length < VERIFY_BATCH) break;
  }
  const strays = await client.query<{ id: string }>(
    `SELECT e.id FROM "AuditEntry" e WHERE NOT EXISTS (SELECT 1 FROM "AuditLink" l WHERE l."entryId" = e.id)
       AND NOT EXISTS (SELECT 1 FROM "AuditUnlinked" u WHERE u."entryId" = e.id) ORDER BY e.id LIMIT 100`,
  );
  for (const { id } of strays.rows) findings.push({ kind: 'entry-unlinked', number: Number(id) });
  if (!headSeen) findings.push({ kind: 'head-differs', number: known.head?.number ?? 0 });
  if (!receiptSeen) findings.push({ kind: 'receipt-unknown', number: 0 });
  const waiting = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM "AuditUnlinked"');
  return { links, waiting: waiting.rows[0]?.count ?? 0, head, findings };
}

export type AuditRow = EntryRow & {
  /** Of people who are still here; their account is the only link. */
  actorName: string | null;
  subjectName: string | null;
  number: string | null;
  hash: string | null;
};

/** Newest first. `person` is a pseudonym, as actor or as subject. */
export async function listAuditRows(
  db: Db,
  page: { before: string | null; limit: number; action: string | null; person: string | null },
): Promise<AuditRow[]> {
  const { rows } = await db.pool.query<AuditRow>(
    `SELECT e.*, a."displayName" AS "actorName", s."displayName" AS "subjectName", l.number, l.hash
     FROM "AuditEntry" e LEFT JOIN "AuditLink" l ON l."entryId" = e.id
     LEFT JOIN "User" a ON a.pseudonym = e.actor LEFT JOIN "User" s ON s.pseudonym = e.subject
     WHERE ($1::bigint IS NULL OR e.id < $1) AND ($2::text IS NULL OR e.action = $2)
       AND ($3::uuid IS NULL OR e.actor = $3 OR e.subject = $3)
     ORDER BY e.id DESC LIMIT $4`,
    [page.before, page.action, page.person, page.limit],
  );
  return rows;
}
