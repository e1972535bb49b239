import { followLive, getJob, listJobs } from '@pixgen/core';
import { byId, jobDetailView, jobPage, type LiveMessage, listJobsInput, liveInput } from '@pixgen/domain';
import { tracked } from '@trpc/server';
import { rest } from '../rest.ts';
import { router, userProcedure } from '../trpc.ts';

export const jobsRouter = router({
  list: userProcedure
    .meta(rest('GET', '/jobs', 'jobs'))
    .input(listJobsInput)
    .output(jobPage)
    .query(({ ctx, input }) => listJobs(ctx.deps, ctx.actor, input)),
  get: userProcedure
    .meta(rest('GET', '/jobs/{id}', 'jobs'))
    .input(byId)
    .output(jobDetailView)
    .query(({ ctx, input }) => getJob(ctx.deps, ctx.actor, input)),
  /** Everything that happens to the caller's jobs, from `lastEventId` on; one stream serves a whole tab. */
  live: userProcedure.input(liveInput).subscription(async function* ({ ctx, input, signal }) {
    for await (const message of followLive(ctx.deps, ctx.actor, { lastEventId: input.lastEventId ?? null, signal })) {
      // Only durable events carry an id: a reload resumes after the last one that was seen.
      if (message.type === 'event') yield tracked(message.event.number, message satisfies LiveMessage as LiveMessage);
      else if (message.type === 'hello') yield tracked(message.number, message satisfies LiveMessage as LiveMessage);
      else yield message as LiveMessage;
    }
  }),
});
