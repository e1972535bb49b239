import {
  addToCollection,
  createCollection,
  deleteCollection,
  listCollections,
  listDeletedCollections,
  renameCollection,
  restoreCollection,
  takeFromCollection,
} from '@pixgen/core';
import {
  bulkResult,
  byId,
  collectionImagesInput,
  collectionList,
  collectionView,
  createCollectionInput,
  deletedCollectionList,
  renameCollectionInput,
} from '@pixgen/domain';
import { rest } from '../rest.ts';
import { router, userProcedure } from '../trpc.ts';

export const collectionsRouter = router({
  list: userProcedure
    .meta(rest('GET', '/collections', 'images'))
    .output(collectionList)
    .query(({ ctx }) => listCollections(ctx.deps, ctx.actor)),
  /** Deleted in the last 30 days. */
  deleted: userProcedure
    .meta(rest('GET', '/collections/deleted', 'images'))
    .output(deletedCollectionList)
    .query(({ ctx }) => listDeletedCollections(ctx.deps, ctx.actor)),
  create: userProcedure
    .meta(rest('POST', '/collections', 'images'))
    .input(createCollectionInput)
    .output(collectionView)
    .mutation(({ ctx, input }) => createCollection(ctx.deps, ctx.actor, input)),
  rename: userProcedure
    .meta(rest('PATCH', '/collections/{id}', 'images'))
    .input(renameCollectionInput)
    .output(collectionView)
    .mutation(({ ctx, input }) => renameCollection(ctx.deps, ctx.actor, input)),
  delete: userProcedure
    .meta(rest('DELETE', '/collections/{id}', 'images'))
    .input(byId)
    .output(bulkResult)
    .mutation(({ ctx, input }) => deleteCollection(ctx.deps, ctx.actor, input)),
  restore: userProcedure
    .meta(rest('POST', '/collections/{id}/restore', 'images'))
    .input(byId)
    .output(collectionView)
    .mutation(({ ctx, input }) => restoreCollection(ctx.deps, ctx.actor, input)),
  add: userProcedure
    .meta(rest('POST', '/collections/{id}/add', 'images'))
    .input(collectionImagesInput)
    .output(bulkResult)
    .mutation(({ ctx, input }) => addToCollection(ctx.deps, ctx.actor, input)),
  take: userProcedure
    .meta(rest('POST', '/collections/{id}/take', 'images'))
    .input(collectionImagesInput)
    .output(bulkResult)
    .mutation(({ ctx, input }) => takeFromCollection(ctx.deps, ctx.actor, input)),
});
