/** Jobs and their history, as pages read them. */
import type { JobKind, JobState } from '@pixgen/domain';
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';
import { atOneMoment } from './snapshot.ts';

export const JOB_COLUMNS = {
  id: true,
  userId: true,
  kind: true,
  trainingId: true,
  generationId: true,
  modelId: true,
  state: true,
  attempt: true,
  holdMicroUsd: true,
  costMicroUsd: true,
  failureCode: true,
  createdAt: true,
  startedAt: true,
  endedAt: true,
} as const satisfies Prisma.JobSelect;

export type JobRow = Omit<Prisma.JobGetPayload<{ select: typeof JOB_COLUMNS }>, 'kind' | 'state'> & {
  kind: JobKind;
  state: JobState;
};

/** Kind and state are text with CHECK constraints, so the narrower type is true. */
export function asJobRow(row: Prisma.JobGetPayload<{ select: typeof JOB_COLUMNS }>): JobRow {
  return row as JobRow;
}

export async function findJob(db: Db, userId: string, jobId: string) {
  return atOneMoment(db, (tx) =>
    tx.job.findFirst({
      where: { id: jobId, userId },
      select: {
        ...JOB_COLUMNS,
        attempts: { orderBy: { attempt: 'asc' } },
        events: { orderBy: { number: 'asc' }, take: 1_000 },
      },
    }),
  );
}

/** Newest first. */
export async function listJobRows(
  db: Db,
  userId: string,
  page: {
    before: string | null;
    limit: number;
    kind: JobKind | null;
    live: boolean;
    state: JobState | null;
    endedBadly: boolean;
  },
) {
  const rows = await db.prisma.job.findMany({
    where: {
      userId,
      ...(page.before ? { id: { lt: page.before } } : {}),
      ...(page.kind ? { kind: page.kind } : {}),
      ...(page.state
        ? { state: page.state }
        : page.live
          ? { state: { in: ['queued', 'dispatching', 'running'] } }
          : {}),
      ...(page.endedBadly ? { deadLetter: { isNot: null } } : {}),
    },
    select: JOB_COLUMNS,
    orderBy: { id: 'desc' },
    take: page.limit,
  });
  return rows.map(asJobRow);
}

/**
 * A person's history after an event number, in order. Numbers are given before commit, so a lower one may become visible
 * after a higher one: lines of the last seconds below the number come again, and the reader drops what it knows.
 */
export async function readEventsAfter(db: Db, userId: string, after: bigint, limit: number) {
  const overlapFrom = new Date(Date.now() - 5_000);
  return db.prisma.jobEvent.findMany({
    where: { userId, OR: [{ number: { gt: after } }, { number: { gt: after - 1_000n }, at: { gt: overlapFrom } }] },
    orderBy: { number: 'asc' },
    take: limit,
  });
}

/** The number of a person's newest event; 0 when there is none. */
export async function newestEventNumber(db: Db, userId: string): Promise<bigint> {
  const row = await db.prisma.jobEvent.findFirst({
    where: { userId },
    orderBy: { number: 'desc' },
    select: { number: true },
  });
  return row?.number ?? 0n;
}
