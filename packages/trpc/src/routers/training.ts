import { cancelTraining, getTraining, listTrainings, readOutlook, retryTraining, startTraining } from '@pixgen/core';
import {
  byId,
  jobOutlook,
  listTrainingsInput,
  retryInput,
  startTrainingInput,
  trainingPage,
  trainingView,
} from '@pixgen/domain';
import { rest } from '../rest.ts';
import { router, userProcedure } from '../trpc.ts';

export const trainingRouter = router({
  start: userProcedure
    .meta({ ...rest('POST', '/trainings', 'training'), limit: 'training' })
    .input(startTrainingInput)
    .output(trainingView)
    .mutation(({ ctx, input }) => startTraining(ctx.deps, ctx.actor, input)),
  cancel: userProcedure
    .meta(rest('POST', '/trainings/{id}/cancel', 'training'))
    .input(byId)
    .output(trainingView)
    .mutation(({ ctx, input }) => cancelTraining(ctx.deps, ctx.actor, input)),
  retry: userProcedure
    .meta({ ...rest('POST', '/trainings/{id}/retry', 'training'), limit: 'training' })
    .input(retryInput)
    .output(trainingView)
    .mutation(({ ctx, input }) => retryTraining(ctx.deps, ctx.actor, input)),
  get: userProcedure
    .meta(rest('GET', '/trainings/{id}', 'training'))
    .input(byId)
    .output(trainingView)
    .query(({ ctx, input }) => getTraining(ctx.deps, ctx.actor, input)),
  /** The place in the queue, and the time left as a span that earlier trainings give. */
  outlook: userProcedure
    .meta(rest('GET', '/trainings/{id}/outlook', 'training'))
    .input(byId)
    .output(jobOutlook)
    .query(({ ctx, input }) => readOutlook(ctx.deps, ctx.actor, input)),
  list: userProcedure
    .meta(rest('GET', '/trainings', 'training'))
    .input(listTrainingsInput)
    .output(trainingPage)
    .query(({ ctx, input }) => listTrainings(ctx.deps, ctx.actor, input)),
});
