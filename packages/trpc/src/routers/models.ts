import {
  chooseWeights,
  createModel,
  deleteModel,
  downloadWeights,
  eraseModel,
  getModel,
  listModels,
  restoreModel,
  updateModel,
} from '@pixgen/core';
import {
  byId,
  chooseWeightsInput,
  createModelInput,
  downloadView,
  downloadWeightsInput,
  erasureStarted,
  listModelsInput,
  modelPage,
  modelView,
  updateModelInput,
} from '@pixgen/domain';
import { rest } from '../rest.ts';
import { router, userProcedure } from '../trpc.ts';

export const modelsRouter = router({
  create: userProcedure
    .meta(rest('POST', '/models', 'models'))
    .input(createModelInput)
    .output(modelView)
    .mutation(({ ctx, input }) => createModel(ctx.deps, ctx.actor, input)),
  update: userProcedure
    .meta(rest('PATCH', '/models/{id}', 'models'))
    .input(updateModelInput)
    .output(modelView)
    .mutation(({ ctx, input }) => updateModel(ctx.deps, ctx.actor, input)),
  get: userProcedure
    .meta(rest('GET', '/models/{id}', 'models'))
    .input(byId)
    .output(modelView)
    .query(({ ctx, input }) => getModel(ctx.deps, ctx.actor, input)),
  list: userProcedure
    .meta(rest('GET', '/models', 'models'))
    .input(listModelsInput)
    .output(modelPage)
    .query(({ ctx, input }) => listModels(ctx.deps, ctx.actor, input)),
  delete: userProcedure
    .meta(rest('DELETE', '/models/{id}', 'models'))
    .input(byId)
    .output(modelView)
    .mutation(({ ctx, input }) => deleteModel(ctx.deps, ctx.actor, input)),
  restore: userProcedure
    .meta(rest('POST', '/models/{id}/restore', 'models'))
    .input(byId)
    .output(modelView)
    .mutation(({ ctx, input }) => restoreModel(ctx.deps, ctx.actor, input)),
  /** For good, at once. */
  erase: userProcedure
    .meta(rest('POST', '/models/{id}/erase', 'models'))
    .input(byId)
    .output(erasureStarted)
    .mutation(({ ctx, input }) => eraseModel(ctx.deps, ctx.actor, input)),
  /** Which weights images are drawn with. */
  chooseWeights: userProcedure
    .meta(rest('POST', '/models/{id}/weights', 'models'))
    .input(chooseWeightsInput)
    .output(modelView)
    .mutation(({ ctx, input }) => chooseWeights(ctx.deps, ctx.actor, input)),
  /** The weights in use as a file, in diffusers' or Kohya's layout, or others of the model. */
  download: userProcedure
    .meta(rest('GET', '/models/{id}/weights', 'models'))
    .input(downloadWeightsInput)
    .output(downloadView)
    .query(({ ctx, input }) => downloadWeights(ctx.deps, ctx.actor, input)),
});
