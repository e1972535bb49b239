import {
  addToCollection as addRows,
  findOwnCollection,
  insertCollection,
  listDeletedCollections as listDeletedRows,
  listCollections as listRows,
  renameCollection as renameRow,
  restoreCollection as restoreRow,
  softDeleteCollection,
  takeFromCollection as takeRows,
} from '@pixgen/db';
import { AppError, type CollectionView, LIMITS, newId, notFound, say } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { undoSince } from '../undo.ts';

/** All of the caller's collections, newest first. */
export async function listCollections(deps: Deps, actor: Actor): Promise<{ items: CollectionView[] }> {
  const rows = await listRows(deps.db, actor.userId, LIMITS.collectionsPerUser.max);
  return { items: rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() })) };
}

/** Those that can be brought back, the last one deleted first. */
export async function listDeletedCollections(
  deps: Deps,
  actor: Actor,
): Promise<{ items: { id: string; name: string; deletedAt: string }[] }> {
  const rows = await listDeletedRows(deps.db, actor.userId, undoSince(), LIMITS.page.max);
  return {
    items: rows.flatMap(({ id, name, deletedAt }) =>
      deletedAt ? { id, name, deletedAt: deletedAt.toISOString() } : [],
    ),
  };
}

/** @throws AppError STATE_CONFLICT when the caller has as many as there may be */
export async function createCollection(deps: Deps, actor: Actor, input: { name: string }): Promise<CollectionView> {
  const collection = { id: newId(), userId: actor.userId, name: input.name };
  if (!(await insertCollection(deps.db, collection, LIMITS.collectionsPerUser.max))) {
    throw new AppError(
      'STATE_CONFLICT',
      say`There may be ${LIMITS.collectionsPerUser.max} collections; delete one first.`,
    );
  }
  return viewOf(deps, actor, collection.id);
}

/** @throws AppError NOT_FOUND */
export async function renameCollection(
  deps: Deps,
  actor: Actor,
  input: { id: string; name: string },
): Promise<CollectionView> {
  if (!(await renameRow(deps.db, actor.userId, input.id, input.name))) throw notFound('collection');
  return viewOf(deps, actor, input.id);
}

/** Its images stay; for 30 days it can be restored. @throws AppError NOT_FOUND */
export async function deleteCollection(deps: Deps, actor: Actor, input: { id: string }): Promise<{ changed: number }> {
  if (!(await softDeleteCollection(deps.db, actor.userId, input.id))) throw notFound('collection');
  return { changed: 1 };
}

/** @throws AppError NOT_FOUND, also past its 30 days */
export async function restoreCollection(deps: Deps, actor: Actor, input: { id: string }): Promise<CollectionView> {
  if (!(await restoreRow(deps.db, actor.userId, input.id, undoSince()))) throw notFound('collection');
  return viewOf(deps, actor, input.id);
}

/** Images that are not the caller's are passed over. @throws AppError NOT_FOUND for the collection */
export async function addToCollection(
  deps: Deps,
  actor: Actor,
  input: { id: string; ids: string[] },
): Promise<{ changed: number }> {
  if (!(await findOwnCollection(deps.db, actor.userId, input.id))) throw notFound('collection');
  return { changed: await addRows(deps.db, actor.userId, input.id, input.ids) };
}

/** @throws AppError NOT_FOUND for the collection */
export async function takeFromCollection(
  deps: Deps,
  actor: Actor,
  input: { id: string; ids: string[] },
): Promise<{ changed: number }> {
  if (!(await findOwnCollection(deps.db, actor.userId, input.id))) throw notFound('collection');
  return { changed: await takeRows(deps.db, actor.userId, input.id, input.ids) };
}

async function viewOf(deps: Deps, actor: Actor, id: string): Promise<CollectionView> {
  const view = (await listCollections(deps, actor)).items.find((collection) => collection.id === id);
  if (!view) throw notFound('collection');
  return view;
}
