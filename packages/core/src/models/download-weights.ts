import { findNewestWeights } from '@pixgen/db';
import { AppError, type DownloadView, type WeightsLayout } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { ownModel } from './own-model.ts';

/** Long enough for a slow line to begin; a download that began may end later. */
export const DOWNLOAD_URL_MS = 5 * 60_000;

/**
 * The newest LoRA of a model in the layout asked for.
 *
 * @throws AppError NOT_FOUND; MODEL_NOT_READY before the first training succeeded
 */
export async function downloadWeights(
  deps: Deps,
  actor: Actor,
  input: { id: string; layout?: WeightsLayout },
): Promise<DownloadView> {
  const model = await ownModel(deps, actor, input.id);
  const weights = await findNewestWeights(deps.db, model.id);
  if (!weights) throw new AppError('MODEL_NOT_READY', 'This model has no weights yet. Train it first.');
  const isKohya = input.layout === 'kohya';
  const key = isKohya ? weights.kohyaStorageKey : weights.storageKey;
  if (key === null)
    throw new AppError('STATE_CONFLICT', 'These weights have no Kohya file. Train the model again to get one.');
  const fileName = `${model.triggerWord}-${weights.step}${isKohya ? '-kohya' : ''}.safetensors`;
  const { url, expiresAt } = deps.storage.presignGet({
    key,
    expiresInMs: DOWNLOAD_URL_MS,
    downloadName: fileName,
  });
  return { url, fileName, expiresAt: expiresAt.toISOString() };
}
