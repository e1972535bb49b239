import { findWeightsFile } from '@pixgen/db';
import { AppError, type DownloadView, notFound, say, type WeightsLayout } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { ownModel } from './own-model.ts';

/** Long enough for a slow line to begin; a download that began may end later. */
export const DOWNLOAD_URL_MS = 5 * 60_000;

/**
 * A LoRA of a model in the layout asked for: the one in use, or the one that is named.
 *
 * @throws AppError NOT_FOUND; MODEL_NOT_READY before the first training succeeded; STATE_CONFLICT for a checkpoint in
 *   Kohya's layout
 */
export async function downloadWeights(
  deps: Deps,
  actor: Actor,
  input: { id: string; layout?: WeightsLayout; weightsId?: string | undefined },
): Promise<DownloadView> {
  const model = await ownModel(deps, actor, input.id);
  const weights = await findWeightsFile(deps.db, model.id, input.weightsId ?? null);
  if (!weights && input.weightsId !== undefined) throw notFound('weights');
  if (!weights) throw new AppError('MODEL_NOT_READY', say`This model has no weights yet. Train it first.`);
  const isKohya = input.layout === 'kohya';
  const key = isKohya ? weights.kohyaStorageKey : weights.storageKey;
  if (key === null)
    throw new AppError('STATE_CONFLICT', say`These weights have no Kohya file: only those of a last step do.`);
  const fileName = `${model.triggerWord}-${weights.step}${isKohya ? '-kohya' : ''}.safetensors`;
  const { url, expiresAt } = deps.storage.presignGet({
    key,
    expiresInMs: DOWNLOAD_URL_MS,
    downloadName: fileName,
  });
  return { url, fileName, expiresAt: expiresAt.toISOString() };
}
