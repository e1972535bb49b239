/** Generations, as pages read them. */
import type { Db } from './client.ts';
import { Prisma } from './generated/client.ts';
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

/** Orders looked through for prompts; older ones are found by search in the gallery. */
const RECENT_ORDERS = 500;

/** Prompts of a person's newest orders, newest first, each once. */
export async function listPromptRows(db: Db, userId: string, page: { search: string | null; limit: number }) {
  const found =
    page.search === null ? Prisma.empty : Prisma.sql`WHERE strpos(lower(prompt), lower(${page.search})) > 0`;
  return db.prisma.$queryRaw<{ prompt: string; negativePrompt: string; times: number; lastAt: Date }[]>(Prisma.sql`
    WITH recent AS (
      SELECT g.id, g.prompt, g."negativePrompt", g."createdAt" FROM "Generation" g JOIN "Model" m ON m.id = g."modelId"
      WHERE g."userId" = ${userId}::uuid AND g.prompt IS NOT NULL AND m."deletedAt" IS NULL
      ORDER BY g.id DESC LIMIT ${RECENT_ORDERS})
    SELECT prompt, (array_agg("negativePrompt" ORDER BY id DESC))[1] AS "negativePrompt", count(*)::int AS times,
      max("createdAt") AS "lastAt"
    FROM recent ${found} GROUP BY prompt ORDER BY max("createdAt") DESC, prompt LIMIT ${page.limit}`);
}
