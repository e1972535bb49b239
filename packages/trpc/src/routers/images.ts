import { deleteImages, downloadImage, getImage, listImages, restoreImages, setFavourite } from '@pixgen/core';
import {
  bulkResult,
  byId,
  byIds,
  downloadView,
  favouriteInput,
  imagePage,
  imageView,
  listImagesInput,
} from '@pixgen/domain';
import { rest } from '../rest.ts';
import { router, userProcedure } from '../trpc.ts';

export const imagesRouter = router({
  list: userProcedure
    .meta(rest('GET', '/images', 'images'))
    .input(listImagesInput)
    .output(imagePage)
    .query(({ ctx, input }) => listImages(ctx.deps, ctx.actor, input)),
  get: userProcedure
    .meta(rest('GET', '/images/{id}', 'images'))
    .input(byId)
    .output(imageView)
    .query(({ ctx, input }) => getImage(ctx.deps, ctx.actor, input)),
  favourite: userProcedure
    .meta(rest('POST', '/images/{id}/favourite', 'images'))
    .input(favouriteInput)
    .output(imageView)
    .mutation(({ ctx, input }) => setFavourite(ctx.deps, ctx.actor, input)),
  delete: userProcedure
    .meta(rest('POST', '/images/delete', 'images'))
    .input(byIds)
    .output(bulkResult)
    .mutation(({ ctx, input }) => deleteImages(ctx.deps, ctx.actor, input)),
  restore: userProcedure
    .meta(rest('POST', '/images/restore', 'images'))
    .input(byIds)
    .output(bulkResult)
    .mutation(({ ctx, input }) => restoreImages(ctx.deps, ctx.actor, input)),
  download: userProcedure
    .meta(rest('GET', '/images/{id}/download', 'images'))
    .input(byId)
    .output(downloadView)
    .query(({ ctx, input }) => downloadImage(ctx.deps, ctx.actor, input)),
});
