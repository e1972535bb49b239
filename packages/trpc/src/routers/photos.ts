import { completePhoto, createPhoto, deletePhoto, erasePhoto, listPhotos, restorePhoto } from '@pixgen/core';
import {
  byId,
  createPhotoInput,
  createPhotoOutput,
  erasureStarted,
  listPhotosInput,
  photoList,
  photoView,
} from '@pixgen/domain';
import { rest } from '../rest.ts';
import { router, userProcedure } from '../trpc.ts';

export const photosRouter = router({
  create: userProcedure
    .meta(rest('POST', '/photos', 'photos'))
    .input(createPhotoInput)
    .output(createPhotoOutput)
    .mutation(({ ctx, input }) => createPhoto(ctx.deps, ctx.actor, input)),
  complete: userProcedure
    .meta(rest('POST', '/photos/{id}/complete', 'photos'))
    .input(byId)
    .output(photoView)
    .mutation(({ ctx, input }) => completePhoto(ctx.deps, ctx.actor, input)),
  list: userProcedure
    .meta(rest('GET', '/models/{modelId}/photos', 'photos'))
    .input(listPhotosInput)
    .output(photoList)
    .query(({ ctx, input }) => listPhotos(ctx.deps, ctx.actor, input)),
  delete: userProcedure
    .meta(rest('DELETE', '/photos/{id}', 'photos'))
    .input(byId)
    .output(photoView)
    .mutation(({ ctx, input }) => deletePhoto(ctx.deps, ctx.actor, input)),
  /** For good, at once. */
  erase: userProcedure
    .meta(rest('POST', '/photos/{id}/erase', 'photos'))
    .input(byId)
    .output(erasureStarted)
    .mutation(({ ctx, input }) => erasePhoto(ctx.deps, ctx.actor, input)),
  restore: userProcedure
    .meta(rest('POST', '/photos/{id}/restore', 'photos'))
    .input(byId)
    .output(photoView)
    .mutation(({ ctx, input }) => restorePhoto(ctx.deps, ctx.actor, input)),
});
