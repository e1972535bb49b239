import { restoreModel as restoreRow, softDeleteModel } from '@pixgen/db';
import { AppError, type ModelView, notFound, say } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { undoSince } from '../undo.ts';
import { ownModel } from './own-model.ts';
import { viewModel } from './view-model.ts';

/**
 * Hides a model with its photos and images; for 30 days it can be restored.
 *
 * @throws AppError NOT_FOUND; STATE_CONFLICT while it is being trained
 */
export async function deleteModel(deps: Deps, actor: Actor, input: { id: string }): Promise<ModelView> {
  const model = await ownModel(deps, actor, input.id);
  if (!(await softDeleteModel(deps.db, actor.userId, model.id))) {
    throw new AppError('STATE_CONFLICT', say`This model is being trained. Cancel the training first.`);
  }
  return viewModel(deps, actor, model.id);
}

/** @throws AppError NOT_FOUND when there is no such deleted model, or its 30 days are over */
export async function restoreModel(deps: Deps, actor: Actor, input: { id: string }): Promise<ModelView> {
  if (!(await restoreRow(deps.db, actor.userId, input.id, undoSince()))) throw notFound('model');
  return viewModel(deps, actor, input.id);
}
