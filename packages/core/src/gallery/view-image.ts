import { findOwnImage, type ImageRow } from '@pixgen/db';
import {
  describeFailure,
  gpuFailureCode,
  type ImageFormat,
  type ImageView,
  imageFormat,
  imageState,
  notFound,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import type { Owned } from '../models/own-model.ts';

export function toImageView(row: ImageRow): ImageView {
  return {
    id: row.id,
    generationId: row.generationId,
    modelId: row.modelId,
    position: row.position,
    state: imageState.parse(row.state),
    prompt: row.prompt,
    compiledPrompt: row.compiledPrompt,
    seed: Number(row.seed),
    width: row.width,
    height: row.height,
    favourite: row.favourite,
    rating: row.rating,
    thumbhash: row.thumbhash && Buffer.from(row.thumbhash).toString('base64'),
    failure: row.failureCode === null ? null : toFailure(row.failureCode),
    createdAt: row.createdAt.toISOString(),
    deletedAt: row.deletedAt?.toISOString() ?? null,
  };
}

function toFailure(code: string): NonNullable<ImageView['failure']> {
  const known = gpuFailureCode.safeParse(code);
  return { code: known.success ? known.data : 'GPU_INTERNAL', message: describeFailure(code).message };
}

/** The format of a stored image; its key ends with it. */
export function formatOf(storageKey: string): ImageFormat {
  return imageFormat.parse(storageKey.slice(storageKey.lastIndexOf('.') + 1));
}

export function typeOf(storageKey: string): `image/${ImageFormat}` {
  return `image/${formatOf(storageKey)}`;
}

/** Deleted ones too: the trash shows them. @throws AppError NOT_FOUND, alike for absent and foreign images */
export async function ownImage(deps: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<Owned<ImageRow>> {
  const image = await findOwnImage(deps.db, actor.userId, id);
  if (!image) throw notFound('image');
  return image as Owned<ImageRow>;
}
