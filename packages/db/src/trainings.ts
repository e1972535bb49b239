/** Trainings, as pages read them. */
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
      select: { id: true, state: true },
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
