import { type ModelCardRow, readModelCards } from '@pixgen/db';
import { consentSubject, type ModelView, modelState, notFound, trainingPlan } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';

const DAY_MS = 86_400_000;

/** @param retentionDays how long photos stay after they were trained from; 0: until they are deleted */
export function toModelView(row: ModelCardRow, retentionDays: number): ModelView {
  const { consentSubject: subject, consentTextVersion: textVersion, consentAt: at } = row;
  const consent = subject !== null && textVersion !== null && at !== null;
  return {
    id: row.id,
    name: row.name,
    classWord: row.classWord,
    triggerWord: row.triggerWord,
    state: modelState.parse(row.state),
    consent: consent ? { subject: consentSubject.parse(subject), textVersion, at: at.toISOString() } : null,
    // A plan that a later version of the rules would refuse is as if nothing was chosen.
    plan: trainingPlan.safeParse(row.plan).data ?? null,
    photoCounts: { ready: row.readyPhotos, pending: row.pendingPhotos, refused: row.refusedPhotos },
    trainingId: row.trainingId,
    weightsId: row.weightsId,
    coverImageId: row.coverImageId,
    coverThumbhash: row.coverThumbhash?.toString('base64') ?? null,
    photosErasedAt: photosErasedAt(row, retentionDays)?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    deletedAt: row.deletedAt?.toISOString() ?? null,
  };
}

/** @throws AppError NOT_FOUND; a deleted model is found */
export async function viewModel(deps: Pick<Deps, 'db' | 'config'>, actor: Actor, id: string): Promise<ModelView> {
  const [row] = await readModelCards(deps.db, actor.userId, { ids: [id] });
  if (!row) throw notFound('model');
  return toModelView(row, deps.config.trainedPhotosDays);
}

function photosErasedAt({ trainedAt, hasTrainedPhotos }: ModelCardRow, retentionDays: number): Date | null {
  if (retentionDays === 0 || trainedAt === null || !hasTrainedPhotos) return null;
  return new Date(trainedAt.getTime() + retentionDays * DAY_MS);
}
