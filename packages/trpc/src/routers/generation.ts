import {
  cancelGeneration,
  getGeneration,
  listGenerations,
  listPrompts,
  readDrawOutlook,
  retryGeneration,
  startGeneration,
} from '@pixgen/core';
import {
  byId,
  generationPage,
  generationView,
  jobOutlook,
  listGenerationsInput,
  listPromptsInput,
  promptList,
  retryInput,
  startGenerationInput,
} from '@pixgen/domain';
import { rest } from '../rest.ts';
import { router, userProcedure } from '../trpc.ts';

export const generationRouter = router({
  start: userProcedure
    .meta({
      ...rest('POST', '/generations', 'generation'),
      limit: 'generation',
      weight: ({ n }) => (typeof n === 'number' ? n / 8 : 1),
    })
    .input(startGenerationInput)
    .output(generationView)
    .mutation(({ ctx, input }) => startGeneration(ctx.deps, ctx.actor, input)),
  cancel: userProcedure
    .meta(rest('POST', '/generations/{id}/cancel', 'generation'))
    .input(byId)
    .output(generationView)
    .mutation(({ ctx, input }) => cancelGeneration(ctx.deps, ctx.actor, input)),
  /** Draws again only what failed. */
  retry: userProcedure
    .meta({ ...rest('POST', '/generations/{id}/retry', 'generation'), limit: 'generation' })
    .input(retryInput)
    .output(generationView)
    .mutation(({ ctx, input }) => retryGeneration(ctx.deps, ctx.actor, input)),
  get: userProcedure
    .meta(rest('GET', '/generations/{id}', 'generation'))
    .input(byId)
    .output(generationView)
    .query(({ ctx, input }) => getGeneration(ctx.deps, ctx.actor, input)),
  /** Place in the queue and time left, as far as anybody can tell. */
  outlook: userProcedure
    .meta(rest('GET', '/generations/{id}/outlook', 'generation'))
    .input(byId)
    .output(jobOutlook)
    .query(({ ctx, input }) => readDrawOutlook(ctx.deps, ctx.actor, input)),
  list: userProcedure
    .meta(rest('GET', '/generations', 'generation'))
    .input(listGenerationsInput)
    .output(generationPage)
    .query(({ ctx, input }) => listGenerations(ctx.deps, ctx.actor, input)),
  prompts: userProcedure
    .meta(rest('GET', '/prompts', 'generation'))
    .input(listPromptsInput)
    .output(promptList)
    .query(({ ctx, input }) => listPrompts(ctx.deps, ctx.actor, input)),
});
