import { type ModelCardRow, readModelCards } from '@pixgen/db';
import { consentSubject, type ModelView, modelState, notFound } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';

export function toModelView(row: ModelCardRow): ModelView {
  const { consentSubject: subject, consentTextVersion: textVersion, consentAt: at } = row;
  const consent = subject !== null && textVersion !== null && at !== null;
  return {
    id: row.id,
    name: row.name,
    classWord: row.classWord,
    triggerWord: row.triggerWord,
    state: modelState.parse(row.state),
    consent: consent ? { subject: consentSubject.parse(subject), textVersion, at: at.toISOString() } : null,
    photoCounts: { ready: row.readyPhotos, pending: row.pendingPhotos, refused: row.refusedPhotos },
    trainingId: row.trainingId,
    coverImageId: row.coverImageId,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    deletedAt: row.deletedAt?.toISOString() ?? null,
  };
}

/** @throws AppError NOT_FOUND; a deleted model is found */
export async function viewModel(deps: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<ModelView> {
  const [row] = await readModelCards(deps.db, actor.userId, { ids: [id] });
  if (!row) throw notFound('model');
  return toModelView(row);
}
