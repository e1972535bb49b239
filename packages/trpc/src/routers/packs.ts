import { getPack, getPackOrder, listPacks, runPack } from '@pixgen/core';
import {
  bySlug,
  generationView,
  packList,
  packOrderAnswer,
  packOrderedInput,
  packView,
  runPackInput,
} from '@pixgen/domain';
import { z } from 'zod';
import { rest } from '../rest.ts';
import { router, userProcedure } from '../trpc.ts';

export const packsRouter = router({
  list: userProcedure
    .meta(rest('GET', '/packs', 'packs'))
    .input(z.void())
    .output(packList)
    .query(({ ctx }) => listPacks(ctx.deps)),
  get: userProcedure
    .meta(rest('GET', '/packs/{slug}', 'packs'))
    .input(bySlug)
    .output(packView)
    .query(({ ctx, input }) => getPack(ctx.deps, input)),
  run: userProcedure
    .meta({ ...rest('POST', '/packs/{slug}/runs', 'packs'), limit: 'generation' })
    .input(runPackInput)
    .output(generationView)
    .mutation(({ ctx, input }) => runPack(ctx.deps, ctx.actor, input)),
  /** The pack that was ordered along with a training. */
  ordered: userProcedure
    .meta(rest('GET', '/trainings/{trainingId}/pack', 'packs'))
    .input(packOrderedInput)
    .output(packOrderAnswer)
    .query(({ ctx, input }) => getPackOrder(ctx.deps, ctx.actor, input)),
});
