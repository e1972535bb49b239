/** The ledger's accounts, and the audit that finds money which does not add up. */
import pg from 'pg';

/**
 * Double entry: every entry moves its amount from one account of a person to another, so the three always sum to zero.
 * `available` goes below zero by what a person has used of their budget. Which accounts an entry touches follows from its
 * kind and is not stored: a second copy could only contradict the first.
 */
export const LEDGER_ACCOUNTS = {
  hold: { from: 'available', to: 'held' },
  settle: { from: 'held', to: 'spent' },
  release: { from: 'held', to: 'available' },
} as const;

export type LedgerFinding = {
  /**
   * - `hold-differs`: the hold that was entered is not the job's
   * - `not-closed`: an ended job, or one that is gone, whose hold is not what was settled and released together
   * - `closed-too-early`: a living job of which something was settled or released
   * - `cost-differs`: what was settled is not what the job cost
   * - `entry-without-job`: entries that are not closed, of a job that is not there
   * - `held-differs`, `spent-differs`: a person's total is not the balance of their account
   */
  kind:
    | 'hold-differs'
    | 'not-closed'
    | 'closed-too-early'
    | 'cost-differs'
    | 'entry-without-job'
    | 'held-differs'
    | 'spent-differs';
  userId: string;
  jobId: string | null;
  /** What the job or the person says, and what the entries say. */
  expectedMicroUsd: number;
  foundMicroUsd: number;
};

export type LedgerAudit = { jobs: number; entries: number; findings: LedgerFinding[] };

const KINDS = Object.entries(LEDGER_ACCOUNTS)
  .map(([entry, { from, to }]) => `('${entry}', '${from}', '${to}')`)
  .join(', ');

// One statement sees one moment: every change of money is one transaction, so traffic does not disturb the audit.
const AUDIT = `
WITH kinds(entry, "from", "to") AS (VALUES ${KINDS}),
postings AS (
  SELECT e."userId", k."from" AS account, -e."amountMicroUsd" AS amount FROM "LedgerEntry" e JOIN kinds k USING (entry)
  UNION ALL SELECT e."userId", k."to", e."amountMicroUsd" FROM "LedgerEntry" e JOIN kinds k USING (entry)
),
balances AS (
  SELECT "userId", coalesce(sum(amount) FILTER (WHERE account = 'held'), 0) AS held,
    coalesce(sum(amount) FILTER (WHERE account = 'spent'), 0) AS spent
  FROM postings GROUP BY "userId"
),
sums AS (
  SELECT "jobId", min("userId"::text)::uuid AS "userId", coalesce(sum("amountMicroUsd") FILTER (WHERE entry = 'hold'), 0) AS held,
    coalesce(sum("amountMicroUsd") FILTER (WHERE entry = 'settle'), 0) AS settled,
    coalesce(sum("amountMicroUsd") FILTER (WHERE entry = 'release'), 0) AS released
  FROM "LedgerEntry" GROUP BY "jobId"
),
jobs AS (
  SELECT coalesce(j.id, s."jobId") AS id, coalesce(j."userId", s."userId") AS "userId", j.id IS NULL AS gone,
    j.state IN ('queued', 'dispatching', 'running') AS live, j."holdMicroUsd" AS hold, j."costMicroUsd" AS cost,
    coalesce(s.held, 0) AS held, coalesce(s.settled, 0) AS settled, coalesce(s.released, 0) AS released
  FROM "Job" j FULL JOIN sums s ON s."jobId" = j.id
),
-- State, hold and cost of a job that is gone are null: only entry-without-job compares anything of it.
findings AS (
  SELECT 'hold-differs' AS kind, "userId", id AS "jobId", hold AS expected, held AS found FROM jobs WHERE hold <> held
  UNION ALL SELECT 'not-closed', "userId", id, held, settled + released FROM jobs WHERE NOT live AND held <> settled + released
  UNION ALL SELECT 'closed-too-early', "userId", id, 0, settled + released FROM jobs WHERE live AND settled + released <> 0
  UNION ALL SELECT 'cost-differs', "userId", id, cost, settled FROM jobs WHERE NOT live AND hold > 0 AND cost <> settled
  UNION ALL SELECT 'entry-without-job', "userId", id, held, settled + released FROM jobs WHERE gone AND held <> settled + released
  UNION ALL SELECT 'held-differs', u.id, NULL, u."heldMicroUsd", coalesce(b.held, 0) FROM "User" u LEFT JOIN balances b ON b."userId" = u.id
    WHERE u."heldMicroUsd" <> coalesce(b.held, 0)
  UNION ALL SELECT 'spent-differs', u.id, NULL, u."spentMicroUsd", coalesce(b.spent, 0) FROM "User" u LEFT JOIN balances b ON b."userId" = u.id
    WHERE u."spentMicroUsd" <> coalesce(b.spent, 0)
)
SELECT (SELECT count(*)::int FROM "Job") AS jobs, (SELECT count(*)::int FROM "LedgerEntry") AS entries,
  coalesce((SELECT jsonb_agg(jsonb_build_object('kind', kind, 'userId', "userId", 'jobId', "jobId", 'expectedMicroUsd', expected,
    'foundMicroUsd', found) ORDER BY kind, "userId", "jobId") FROM findings), '[]') AS findings`;

const AUDIT_MS = 10 * 60_000;

/**
 * Reads the whole ledger and compares it with the jobs and with each person's totals, on a connection of its own.
 *
 * A job's row goes with its model 30 days after that was deleted; its entries stay and must be closed.
 *
 * @param url `postgresql://…`
 */
export async function auditLedger(url: string): Promise<LedgerAudit> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: AUDIT_MS });
  await client.connect();
  try {
    const [audit] = (await client.query<LedgerAudit>(AUDIT)).rows;
    if (!audit) throw new Error('The audit gave no answer.');
    return audit;
  } finally {
    await client.end();
  }
}
