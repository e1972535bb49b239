import {
  countImages,
  deleteImages,
  downloadImage,
  getImage,
  getImages,
  getNeighbours,
  listFrames,
  listImages,
  rateImage,
  restoreImages,
  setFavourite,
} from '@pixgen/core';
import {
  bulkResult,
  byId,
  byIds,
  downloadView,
  favouriteInput,
  framePage,
  imageCountView,
  imageDetailView,
  imageFilter,
  imageList,
  imagePage,
  imagesByIdInput,
  imageView,
  listFramesInput,
  listImagesInput,
  neighboursInput,
  neighboursView,
  rateInput,
} from '@pixgen/domain';
import { rest } from '../rest.ts';
import { router, userProcedure } from '../trpc.ts';

export const imagesRouter = router({
  list: userProcedure
    .meta(rest('GET', '/images', 'images'))
    .input(listImagesInput)
    .output(imagePage)
    .query(({ ctx, input }) => listImages(ctx.deps, ctx.actor, input)),
  frames: userProcedure
    .meta({ ...rest('GET', '/images/frames', 'images'), weight: 5 })
    .input(listFramesInput)
    .output(framePage)
    .query(({ ctx, input }) => listFrames(ctx.deps, ctx.actor, input)),
  count: userProcedure
    .meta(rest('GET', '/images/count', 'images'))
    .input(imageFilter)
    .output(imageCountView)
    .query(({ ctx, input }) => countImages(ctx.deps, ctx.actor, input)),
  /** Over REST there is `GET /images/{id}`. */
  byIds: userProcedure
    .input(imagesByIdInput)
    .output(imageList)
    .query(({ ctx, input }) => getImages(ctx.deps, ctx.actor, input)),
  neighbours: userProcedure
    .meta(rest('GET', '/images/{id}/neighbours', 'images'))
    .input(neighboursInput)
    .output(neighboursView)
    .query(({ ctx, input }) => getNeighbours(ctx.deps, ctx.actor, input)),
  get: userProcedure
    .meta(rest('GET', '/images/{id}', 'images'))
    .input(byId)
    .output(imageDetailView)
    .query(({ ctx, input }) => getImage(ctx.deps, ctx.actor, input)),
  // Whoever goes through a thousand pictures marks many: a mark is no more than a read.
  favourite: userProcedure
    .meta({ ...rest('POST', '/images/{id}/favourite', 'images'), cheap: true })
    .input(favouriteInput)
    .output(imageView)
    .mutation(({ ctx, input }) => setFavourite(ctx.deps, ctx.actor, input)),
  rate: userProcedure
    .meta({ ...rest('POST', '/images/{id}/rate', 'images'), cheap: true })
    .input(rateInput)
    .output(imageView)
    .mutation(({ ctx, input }) => rateImage(ctx.deps, ctx.actor, input)),
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
