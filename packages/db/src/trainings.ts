/** Trainings, as pages read them. */
import type { PastRun } from '@pixgen/domain';
import type { Db } from './client.ts';
import { ERASED_AT } from './erasures.ts';
import type { Prisma } from './generated/client.ts';
import { JOB_COLUMNS } from './jobs.ts';
import { atOneMoment } from './snapshot.ts';

const TRAINING = {
  weights: { orderBy: { step: 'desc' } },
  samples: { orderBy: [{ step: 'asc' }, { position: 'asc' }] },
  jobs: { select: JOB_COLUMNS, orderBy: { id: 'desc' }, take: 1 },
} as const satisfies Prisma.TrainingInclude;

export type TrainingRow = Prisma.TrainingGetPayload<{ include: typeof TRAINING }>;

export async function findTraining(db: Db, userId: string, trainingId: string): Promise<TrainingRow | null> {
  return atOneMoment(db, (tx) => tx.training.findFirst({ where: { id: trainingId, userId }, include: TRAINING }));
}

/** The training that a job works for. */
export async function findTrainingOfJob(db: Db, userId: string, jobId: string): Promise<TrainingRow | null> {
  return atOneMoment(db, (tx) =>
    tx.training.findFirst({ where: { userId, jobs: { some: { id: jobId } } }, include: TRAINING }),
  );
}

/** Newest first. */
export async function listTrainingRows(
  db: Db,
  userId: string,
  page: { before: string | null; limit: number; modelId: string | null },
): Promise<TrainingRow[]> {
  return atOneMoment(db, (tx) =>
    tx.training.findMany({
      where: {
        userId,
        ...(page.before ? { id: { lt: page.before } } : {}),
        ...(page.modelId ? { modelId: page.modelId } : {}),
        model: { deletedAt: null },
      },
      include: TRAINING,
      orderBy: { id: 'desc' },
      take: page.limit,
    }),
  );
}

/** The newest trainings that are looked at for how long one takes, and how many of them count at most. */
const HISTORY = { trainings: 200, runs: 40 };

/**
 * How long trainings with this base model and preset took, newest first, whoever ordered them: the GPU is the same. Times
 * are differences on the database's clock.
 */
export async function readPastRuns(db: Db, order: { profile: string; preset: string }): Promise<PastRun[]> {
  return db.prisma.$queryRaw<PastRun[]>`
    SELECT (extract(epoch FROM j."startedAt" - j."createdAt") * 1000)::float8 AS "waitMs",
      (extract(epoch FROM j."endedAt" - j."startedAt") * 1000)::float8 AS "runMs", (t.settings->>'steps')::int AS steps
    FROM (SELECT id, "modelId", settings FROM "Training" WHERE profile = ${order.profile} AND preset = ${order.preset}
      ORDER BY id DESC LIMIT ${HISTORY.trainings}) t
    JOIN "Job" j ON j."modelId" = t."modelId" AND j."trainingId" = t.id AND j.state = 'succeeded' AND j."startedAt" IS NOT NULL
    ORDER BY t.id DESC LIMIT ${HISTORY.runs}`;
}

/**
 * The same of generations with the base model of these weights; what was a retry drew only a part. A step of one image is the unit that is
 * counted in.
 */
export async function readPastDraws(db: Db, weightsId: string): Promise<PastRun[]> {
  return db.prisma.$queryRaw<PastRun[]>`
    SELECT (extract(epoch FROM j."startedAt" - j."createdAt") * 1000)::float8 AS "waitMs",
      (extract(epoch FROM j."endedAt" - j."startedAt") * 1000)::float8 AS "runMs",
      jsonb_array_length(g.planned) * g.steps AS steps
    FROM (SELECT id, "weightsId", planned, steps FROM "Generation" ORDER BY id DESC LIMIT ${HISTORY.trainings}) g
    JOIN "Weights" w ON w.id = g."weightsId"
      AND w.profile = (SELECT profile FROM "Weights" WHERE id = ${weightsId}::uuid)
    JOIN "Job" j ON j."generationId" = g.id AND j.state = 'succeeded' AND j."retryOf" IS NULL AND j."startedAt" IS NOT NULL
    ORDER BY g.id DESC LIMIT ${HISTORY.runs}`;
}

/** How long a job has waited and worked so far, and how many jobs of the installation wait before it. */
export async function readJobAge(
  db: Db,
  jobId: string,
): Promise<{ waitedMs: number; ranMs: number | null; ahead: number } | null> {
  const [row] = await db.prisma.$queryRaw<{ waitedMs: number; ranMs: number | null; ahead: number }[]>`
    SELECT (extract(epoch FROM now() - j."createdAt") * 1000)::float8 AS "waitedMs",
      (extract(epoch FROM now() - j."startedAt") * 1000)::float8 AS "ranMs",
      (SELECT count(*) FROM "LiveJob" l JOIN "Job" o ON o.id = l."jobId" WHERE o.state = 'queued' AND o.id < j.id)::int AS ahead
    FROM "Job" j WHERE j.id = ${jobId}::uuid`;
  return row ?? null;
}

/** A sample image of the caller's own training. */
export async function findOwnSample(db: Db, userId: string, id: string): Promise<{ storageKey: string } | null> {
  return db.prisma.sample.findFirst({
    where: { id, userId, training: { model: { deletedAt: null } } },
    select: { storageKey: true },
  });
}

/** What a training of this model would start from: its validated photos and its newest consent. */
export async function readTrainingInput(db: Db, modelId: string) {
  const [photos, consent] = await Promise.all([
    db.prisma.photo.findMany({
      where: { modelId, deletedAt: null, state: { not: 'refused' } },
      select: { id: true, state: true, look: true },
      orderBy: { id: 'asc' },
    }),
    db.prisma.consent.findFirst({ where: { modelId }, orderBy: { createdAt: 'desc' } }),
  ]);
  return { photos, consent };
}

/** Photos of a training that are still there; a retry needs them all. */
export async function countReadyPhotos(db: Db, photoIds: string[]): Promise<number> {
  const isThere = { OR: [{ deletedAt: null }, { deletedAt: { gt: ERASED_AT } }] };
  return db.prisma.photo.count({ where: { id: { in: photoIds }, state: 'ready', ...isThere } });
}
