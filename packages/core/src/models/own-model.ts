import { findOwnModel, type ModelRow } from '@pixgen/db';
import { notFound } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';

declare const owned: unique symbol;
/** Something that belongs to the caller. Only an ownership check makes one, so work on a foreign thing does not compile. */
export type Owned<T> = T & { readonly [owned]: true };

/** @throws AppError NOT_FOUND, alike for absent, foreign and deleted models */
export async function ownModel(deps: Pick<Deps, 'db'>, actor: Actor, modelId: string): Promise<Owned<ModelRow>> {
  const model = await findOwnModel(deps.db, actor.userId, modelId);
  if (!model) throw notFound('model');
  return model as Owned<ModelRow>;
}
