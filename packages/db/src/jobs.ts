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

/** What a job is about; read where it stands by itself. */
const SUBJECT = {
  model: { select: { name: true } },
  generation: { select: { prompt: true, packVersion: { select: { pack: { select: { name: true } } } } } },
} as const satisfies Prisma.JobSelect;

/** Of a training the model's name; of pictures the pack's name, or the prompt. */
export function titleOf(job: Prisma.JobGetPayload<{ select: typeof SUBJECT }>): string {
  return job.generation ? (job.generation.packVersion?.pack.name ?? job.generation.prompt ?? '') : job.model.name;
}

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
        ...SUBJECT,
        attempts: { orderBy: { attempt: 'asc' } },
        events: { orderBy: { number: 'asc' }, take: 1_000 },
      },
    }),
  );
}

type JobsPage = {
  before: string | null;
  limit: number;
  kind: JobKind | null;
  live: boolean;
  state: JobState | null;
  endedBadly: boolean;
};

/** A month-old failure that nobody minded is no news. */
const NEWS_DAYS = 14;

/** Jobs of a person that were neither retried nor followed by another training of the same model; newest first. */
async function endedBadly(db: Db, userId: string, page: JobsPage): Promise<string[]> {
  const { rows } = await db.pool.query<{ id: string }>(
    `SELECT j.id FROM "DeadLetter" d
     JOIN "Job" j ON j.id = d."jobId"
     JOIN "Model" m ON m.id = j."modelId" AND m."deletedAt" IS NULL
     WHERE j."userId" = $1 AND ($2::uuid IS NULL OR j.id < $2) AND d."createdAt" > now() - make_interval(days => $4)
       AND ($5::text IS NULL OR j.kind = $5) AND ($6::text IS NULL OR j.state = $6)
       AND NOT (j.kind = 'train' AND EXISTS (
         SELECT FROM "Job" newer WHERE newer."modelId" = j."modelId" AND newer.kind = 'train' AND newer.id > j.id))
     ORDER BY j.id DESC LIMIT $3`,
    [userId, page.before, page.limit, NEWS_DAYS, page.kind, page.state],
  );
  return rows.map(({ id }) => id);
}

/** Newest first. */
export async function listJobRows(db: Db, userId: string, page: JobsPage) {
  const rows = await db.prisma.job.findMany({
    where: {
      userId,
      ...(page.before && !page.endedBadly ? { id: { lt: page.before } } : {}),
      ...(page.kind ? { kind: page.kind } : {}),
      ...(page.state
        ? { state: page.state }
        : page.live
          ? { state: { in: ['queued', 'dispatching', 'running'] } }
          : {}),
      ...(page.endedBadly ? { id: { in: await endedBadly(db, userId, page) } } : {}),
    },
    select: { ...JOB_COLUMNS, ...SUBJECT },
    orderBy: { id: 'desc' },
    take: page.limit,
  });
  return rows.map((row) => ({ ...asJobRow(row), title: titleOf(row) }));
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
