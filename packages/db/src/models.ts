/** Personal models. Every read names the owner: a foreign model is an absent one. */
import { appendAudit } from './audit.ts';
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';
import { WEIGHTS_IN_USE } from './model-access.ts';

export type ModelRow = Prisma.ModelGetPayload<Record<string, never>>;

/** A model with what its card shows, read in one statement. */
export type ModelCardRow = ModelRow & {
  consentSubject: string | null;
  consentTextVersion: string | null;
  consentAt: Date | null;
  readyPhotos: number;
  pendingPhotos: number;
  refusedPhotos: number;
  trainingId: string | null;
  /** When its newest weights came, and whether there are photos of before. */
  trainedAt: Date | null;
  hasTrainedPhotos: boolean | null;
  /** Those in use. */
  weightsId: string | null;
  coverImageId: string | null;
  coverThumbhash: Buffer | null;
};

export type NewConsent = { id: string; subject: string; textVersion: string; textHash: string };
export type ModelFilter =
  | { ids: string[] }
  | {
      before: string | null;
      limit: number;
      state: string | null /** Deleted ones instead. */;
      deletedSince: Date | null;
    };

/** The training that matters: one that is running, else the newest. */
const CARD = `
SELECT m.*, c.subject AS "consentSubject", c."textVersion" AS "consentTextVersion", c."createdAt" AS "consentAt",
  p.ready AS "readyPhotos", p.pending AS "pendingPhotos", p.refused AS "refusedPhotos",
  d.at AS "trainedAt", p.trained AS "hasTrainedPhotos", t.id AS "trainingId", w.id AS "weightsId", i.id AS "coverImageId",
  i.thumbhash AS "coverThumbhash"
FROM "Model" m
LEFT JOIN LATERAL (SELECT * FROM "Consent" WHERE "modelId" = m.id ORDER BY "createdAt" DESC LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT max("createdAt") AS at FROM "Weights" WHERE "modelId" = m.id AND final AND NOT lost) d ON true
LEFT JOIN LATERAL (${WEIGHTS_IN_USE}) w ON true
LEFT JOIN LATERAL (SELECT bool_or("createdAt" < d.at) AS trained, count(*) FILTER (WHERE state = 'ready')::int AS ready,
    count(*) FILTER (WHERE state IN ('uploading', 'checking'))::int AS pending,
    count(*) FILTER (WHERE state = 'refused')::int AS refused
  FROM "Photo" WHERE "modelId" = m.id AND "deletedAt" IS NULL) p ON true
LEFT JOIN LATERAL (SELECT id FROM "Training" x WHERE "modelId" = m.id ORDER BY EXISTS (
    SELECT 1 FROM "Job" j WHERE j."trainingId" = x.id AND j.state IN ('queued', 'dispatching', 'running')) DESC, id DESC
  LIMIT 1) t ON true
LEFT JOIN LATERAL (SELECT id, thumbhash FROM "Image" WHERE "modelId" = m.id AND state = 'ready' AND "deletedAt" IS NULL
  ORDER BY id DESC LIMIT 1) i ON true`;

const BY_IDS = `${CARD} WHERE m."userId" = $1 AND m.id = ANY ($2::uuid[]) ORDER BY m.id DESC`;
const PAGE = `${CARD} WHERE m."userId" = $1 AND m."deletedAt" IS NULL
  AND m.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AND ($3::text IS NULL OR m.state = $3)
ORDER BY m.id DESC LIMIT $4`;
const DELETED_PAGE = PAGE.replace('m."deletedAt" IS NULL', 'm."deletedAt" > $5');

/** Cards of a person's models, newest first. By id, deleted ones are among them; by page, not. */
export async function readModelCards(db: Db, userId: string, filter: ModelFilter): Promise<ModelCardRow[]> {
  if ('ids' in filter) {
    const query = { name: 'model-cards-by-id', text: BY_IDS, values: [userId, filter.ids] };
    return (await db.pool.query<ModelCardRow>(query)).rows;
  }
  const values = [userId, filter.before, filter.state, filter.limit];
  const query = filter.deletedSince
    ? { name: 'model-cards-deleted', text: DELETED_PAGE, values: [...values, filter.deletedSince] }
    : { name: 'model-cards-page', text: PAGE, values };
  return (await db.pool.query<ModelCardRow>(query)).rows;
}

/** @returns null for absent, foreign and deleted models alike */
export async function findOwnModel(db: Db, userId: string, id: string): Promise<ModelRow | null> {
  return db.prisma.model.findFirst({ where: { id, userId, deletedAt: null } });
}

/** @throws a unique violation on `triggerWord` when the word is taken */
export async function insertModel(
  db: Db,
  model: { id: string; userId: string; name: string; classWord: string; triggerWord: string },
  consent: NewConsent | null,
): Promise<void> {
  await db.prisma.$transaction(async (tx) => {
    await tx.model.create({ data: model, select: { id: true } });
    if (consent) await insertConsent(tx, model, consent);
  });
}

async function insertConsent(
  tx: Prisma.TransactionClient,
  model: { id: string; userId: string },
  consent: NewConsent,
): Promise<void> {
  const { id: modelId, userId } = model;
  await tx.consent.create({ data: { ...consent, modelId, userId } });
  const { subject, textVersion, textHash } = consent;
  const detail = { modelId, subject, textVersion, textHash };
  await appendAudit(tx, { action: 'consent.given', actorId: userId, subjectId: userId, detail });
}

export async function updateModel(
  db: Db,
  model: { id: string; userId: string },
  change: { name?: string; classWord?: string; plan?: object },
  consent: NewConsent | null,
): Promise<void> {
  await db.prisma.$transaction(async (tx) => {
    await tx.model.update({ where: { id: model.id }, data: change });
    if (consent) await insertConsent(tx, model, consent);
  });
}

/** @returns false when the model is being trained: its job must end first */
export async function softDeleteModel(db: Db, userId: string, id: string): Promise<boolean> {
  const where = { id, userId, deletedAt: null, NOT: { state: 'training' } };
  return (await db.prisma.model.updateMany({ where, data: { deletedAt: new Date() } })).count === 1;
}

/** @returns false when there is no such deleted model, or it was deleted before `since` */
export async function restoreModel(db: Db, userId: string, id: string, since: Date): Promise<boolean> {
  const where = { id, userId, deletedAt: { gt: since } };
  return (await db.prisma.model.updateMany({ where, data: { deletedAt: null } })).count === 1;
}

export type WeightsFile = { storageKey: string; kohyaStorageKey: string | null; step: number };

/** Weights that can be used: their file is there, and the job that made them succeeded. */
const USABLE = `NOT w.lost AND (w.final OR EXISTS (SELECT 1 FROM "Job" j WHERE j.id = w."jobId" AND j.state = 'succeeded'))`;

/** The file of the model's weights in use, or of others of its; null when there is none that can be used. */
export async function findWeightsFile(
  db: Pick<Db, 'pool'>,
  modelId: string,
  weightsId: string | null,
): Promise<WeightsFile | null> {
  const { rows } = await db.pool.query<WeightsFile>(
    `SELECT w."storageKey", w."kohyaStorageKey", w.step FROM "Model" m
     JOIN "Weights" w ON w."modelId" = m.id AND w.id = coalesce($2::uuid, (SELECT id FROM (${WEIGHTS_IN_USE}) u))
     WHERE m.id = $1 AND ${USABLE}`,
    [modelId, weightsId],
  );
  return rows[0] ?? null;
}

/**
 * Sets which weights of a person's model are drawn with; null: the newest again.
 *
 * @returns false when the model is not theirs, or has no such weights that can be used
 */
export async function chooseWeights(
  db: Pick<Db, 'pool'>,
  choice: { userId: string; modelId: string; weightsId: string | null },
): Promise<boolean> {
  const { rowCount } = await db.pool.query(
    `UPDATE "Model" m SET "chosenWeightsId" = $3::uuid, "updatedAt" = now()
     WHERE m.id = $1 AND m."userId" = $2 AND m."deletedAt" IS NULL
       AND ($3::uuid IS NULL OR EXISTS (SELECT 1 FROM "Weights" w WHERE w.id = $3::uuid AND w."modelId" = m.id AND ${USABLE}))`,
    [choice.modelId, choice.userId, choice.weightsId],
  );
  return rowCount === 1;
}
