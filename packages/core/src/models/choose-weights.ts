import { chooseWeights as setChoice } from '@pixgen/db';
import { type ChooseWeightsInput, type ModelView, notFound } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { ownModel } from './own-model.ts';
import { viewModel } from './view-model.ts';

/**
 * Sets which weights the next images of a model are drawn with. Holds until a training of it succeeds.
 *
 * @throws AppError NOT_FOUND, alike for a model and for weights that are not there, are another's, or cannot be used:
 *   checkpoints can once their training has succeeded
 */
export async function chooseWeights(deps: Deps, actor: Actor, input: ChooseWeightsInput): Promise<ModelView> {
  const model = await ownModel(deps, actor, input.id);
  const choice = { userId: actor.userId, modelId: model.id, weightsId: input.weightsId };
  if (!(await setChoice(deps.db, choice))) throw notFound('weights');
  return viewModel(deps, actor, model.id);
}
