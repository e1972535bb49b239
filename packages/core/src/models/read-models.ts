import { readModelCards } from '@pixgen/db';
import { type listModelsInput, type ModelView, notFound, type Page } from '@pixgen/domain';
import type { z } from 'zod';
import type { Actor, Deps } from '../deps.ts';
import { toPage } from '../page.ts';
import { undoSince } from '../undo.ts';
import { toModelView, viewModel } from './view-model.ts';

/** @throws AppError NOT_FOUND for absent, foreign and deleted models */
export async function getModel(deps: Deps, actor: Actor, input: { id: string }): Promise<ModelView> {
  const model = await viewModel(deps, actor, input.id);
  if (model.deletedAt !== null) throw notFound('model');
  return model;
}

/** The caller's models, newest first: those there are, or those that were deleted and can be brought back. */
export async function listModels(
  deps: Deps,
  actor: Actor,
  input: z.infer<typeof listModelsInput>,
): Promise<Page<ModelView>> {
  const rows = await readModelCards(deps.db, actor.userId, {
    before: input.cursor ?? null,
    limit: input.limit + 1,
    state: input.state ?? null,
    deletedSince: input.deleted ? undoSince() : null,
  });
  return toPage(rows, input.limit, (row) => toModelView(row, deps.config.trainedPhotosDays));
}
