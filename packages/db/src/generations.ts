/** Generations, as pages read them. */
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';
import { JOB_COLUMNS } from './jobs.ts';
import { atOneMoment } from './snapshot.ts';

const GENERATION = {
  model: { select: { name: true } },
  packVersion: { select: { version: true, pack: { select: { slug: true, name: true } } } },
  images: { orderBy: { position: 'asc' } },
  // The newest job is the one that counts; earlier ones were retried.
  jobs: { select: JOB_COLUMNS, orderBy: { id: 'desc' }, take: 1 },
} as const satisfies Prisma.GenerationInclude;

export type GenerationRow = Prisma.GenerationGetPayload<{ include: typeof GENERATION }>;

export async function findGeneration(db: Db, userId: string, generationId: string): Promise<GenerationRow | null> {
  return atOneMoment(db, (tx) => tx.generation.findFirst({ where: { id: generationId, userId }, include: GENERATION }));
}

/** The generation that a job works for. */
export async function findGenerationOfJob(db: Db, userId: string, jobId: string): Promise<GenerationRow | null> {
  return atOneMoment(db, (tx) =>
    tx.generation.findFirst({ where: { userId, jobs: { some: { id: jobId } } }, include: GENERATION }),
  );
}

/**
 * The images of a generation as they were when one of its jobs was accepted. A row is written again only when a failed
 * image is drawn after all; the history says which.
 */
export async function readImagesBefore(db: Db, row: GenerationRow, jobId: string): Promise<GenerationRow['images']> {
  if (row.images.length === 0) return [];
  const accepted = await db.prisma.jobEvent.findFirst({ where: { jobId, type: 'queued' }, orderBy: { number: 'asc' } });
  const lines = await db.prisma.jobEvent.findMany({
    where: { job: { generationId: row.id }, type: 'image', number: { lt: accepted?.number ?? 0n } },
    orderBy: { number: 'asc' },
  });
  const codes = new Map(lines.map((line) => [line.imageId, line.code]));
  return row.images.flatMap((image) => {
    const code = codes.get(image.id);
    if (code === undefined) return [];
    return [code === null ? image : { ...image, state: 'failed', failureCode: code, width: 0, height: 0 }];
  });
}

/** Newest first. */
export async function listGenerationRows(
  db: Db,
  userId: string,
  page: { before: string | null; limit: number; modelId: string | null; packRuns: boolean | null },
): Promise<GenerationRow[]> {
  return atOneMoment(db, (tx) =>
    tx.generation.findMany({
      where: {
        userId,
        ...(page.before ? { id: { lt: page.before } } : {}),
        ...(page.modelId ? { modelId: page.modelId } : {}),
        ...(page.packRuns === null ? {} : { packVersionId: page.packRuns ? { not: null } : null }),
        model: { deletedAt: null },
      },
      include: GENERATION,
      orderBy: { id: 'desc' },
      take: page.limit,
    }),
  );
}

/** The newest version of a pack, to be pinned by a run. */
export async function findPackVersion(db: Db, slug: string) {
  return db.prisma.packVersion.findFirst({
    where: { pack: { slug } },
    orderBy: { version: 'desc' },
    include: { pack: { select: { slug: true, name: true } } },
  });
}
