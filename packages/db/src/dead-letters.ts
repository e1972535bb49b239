/** Jobs that ended badly and were not retried since, for the operator. */
import type { JobKind } from '@pixgen/domain';
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';
import { JOB_COLUMNS } from './jobs.ts';

const DEAD = {
  select: { ...JOB_COLUMNS, retryOf: true, user: { select: { displayName: true, status: true } } },
} as const satisfies Prisma.JobDefaultArgs;

/** Newest job first. */
export async function listDeadLetterRows(db: Db, page: { before: string | null; limit: number; kind: JobKind | null }) {
  const rows = await db.prisma.deadLetter.findMany({
    where: {
      ...(page.before ? { jobId: { lt: page.before } } : {}),
      ...(page.kind ? { job: { kind: page.kind } } : {}),
    },
    select: { job: DEAD },
    orderBy: { jobId: 'desc' },
    take: page.limit,
  });
  return rows.map(({ job }) => job);
}

/** A job that ended failed or expired with all that is kept of it, also after it was retried. */
export async function findDeadLetter(db: Db, jobId: string) {
  return db.prisma.job.findFirst({
    where: { id: jobId, state: { in: ['failed', 'expired'] } },
    select: {
      ...DEAD.select,
      deadLetter: { select: { jobId: true } },
      model: { select: { deletedAt: true } },
      attempts: { orderBy: { attempt: 'asc' } },
      events: { orderBy: { number: 'asc' }, take: 1_000 },
    },
  });
}

export async function findLedgerEntries(db: Db, jobId: string) {
  return db.prisma.ledgerEntry.findMany({ where: { jobId }, orderBy: { id: 'asc' } });
}
