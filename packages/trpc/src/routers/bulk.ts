import { cancelBulk, downloadBulkFile, getBulk, listBulk, startBulk, undoBulk } from '@pixgen/core';
import { bulkFileInput, bulkList, bulkView, byId, downloadView, startBulkInput, undoBulkInput } from '@pixgen/domain';
import { rest } from '../rest.ts';
import { router, userProcedure } from '../trpc.ts';

export const bulkRouter = router({
  start: userProcedure
    // Up to 20 GB are read and packed.
    .meta({ ...rest('POST', '/bulk', 'images'), weight: ({ kind }) => (kind === 'download' ? 10 : 1) })
    .input(startBulkInput)
    .output(bulkView)
    .mutation(({ ctx, input }) => startBulk(ctx.deps, ctx.actor, input)),
  list: userProcedure
    .meta(rest('GET', '/bulk', 'images'))
    .output(bulkList)
    .query(({ ctx }) => listBulk(ctx.deps, ctx.actor)),
  get: userProcedure
    .meta(rest('GET', '/bulk/{id}', 'images'))
    .input(byId)
    .output(bulkView)
    .query(({ ctx, input }) => getBulk(ctx.deps, ctx.actor, input)),
  cancel: userProcedure
    .meta(rest('POST', '/bulk/{id}/cancel', 'images'))
    .input(byId)
    .output(bulkView)
    .mutation(({ ctx, input }) => cancelBulk(ctx.deps, ctx.actor, input)),
  undo: userProcedure
    .meta(rest('POST', '/bulk/{id}/undo', 'images'))
    .input(undoBulkInput)
    .output(bulkView)
    .mutation(({ ctx, input }) => undoBulk(ctx.deps, ctx.actor, input)),
  file: userProcedure
    .meta(rest('GET', '/bulk/{id}/files/{file}', 'images'))
    .input(bulkFileInput)
    .output(downloadView)
    .query(({ ctx, input }) => downloadBulkFile(ctx.deps, ctx.actor, input)),
});
