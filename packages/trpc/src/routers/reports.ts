import {
  decideReport,
  fileReport,
  getReport,
  getReportProgress,
  liftStrike,
  listReports,
  listStrikes,
  readClock,
} from '@pixgen/core';
import {
  adminStrikePage,
  adminStrikeView,
  byId,
  decideReportInput,
  fileReportInput,
  listReportsInput,
  listStrikesInput,
  reportClock,
  reportCodeInput,
  reportDetail,
  reportPage,
  reportProgress,
  reportReceived,
  reportView,
} from '@pixgen/domain';
import { z } from 'zod';
import { rest } from '../rest.ts';
import { adminProcedure, publicProcedure, router } from '../trpc.ts';

/** For anybody, signed in or not, also for people who are suspended. */
export const reportsRouter = router({
  file: publicProcedure
    .meta(rest('POST', '/reports', 'reports'))
    .input(fileReportInput)
    .output(reportReceived)
    .mutation(({ ctx, input }) => fileReport(ctx.deps, ctx, input)),
  /** For whoever has its code. A mutation, so that the code stands in no address. */
  progress: publicProcedure
    .meta(rest('POST', '/reports/progress', 'reports'))
    .input(reportCodeInput)
    .output(reportProgress)
    .mutation(({ ctx, input }) => getReportProgress(ctx.deps, input)),
});

export const adminReportsRouter = router({
  list: adminProcedure
    .meta(rest('GET', '/admin/reports', 'admin'))
    .input(listReportsInput)
    .output(reportPage)
    .query(({ ctx, input }) => listReports(ctx.deps, input)),
  clock: adminProcedure
    .meta(rest('GET', '/admin/reports/clock', 'admin'))
    .input(z.void())
    .output(reportClock)
    .query(({ ctx }) => readClock(ctx.deps)),
  get: adminProcedure
    .meta(rest('GET', '/admin/reports/{id}', 'admin'))
    .input(byId)
    .output(reportDetail)
    .query(({ ctx, input }) => getReport(ctx.deps, ctx.actor, input)),
  decide: adminProcedure
    .meta(rest('POST', '/admin/reports/{id}/decide', 'admin'))
    .input(decideReportInput)
    .output(reportView)
    .mutation(({ ctx, input }) => decideReport(ctx.deps, ctx.actor, input)),
});

export const adminStrikesRouter = router({
  list: adminProcedure
    .meta(rest('GET', '/admin/strikes', 'admin'))
    .input(listStrikesInput)
    .output(adminStrikePage)
    .query(({ ctx, input }) => listStrikes(ctx.deps, input)),
  lift: adminProcedure
    .meta(rest('POST', '/admin/strikes/{id}/lift', 'admin'))
    .input(byId)
    .output(adminStrikeView)
    .mutation(({ ctx, input }) => liftStrike(ctx.deps, ctx.actor, input)),
});
