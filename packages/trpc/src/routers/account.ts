import { createApiKey, createInvite, getAccount, getInstallation, listApiKeys, revokeApiKey } from '@pixgen/core';
import {
  accountView,
  apiKeyList,
  apiKeyView,
  byId,
  createApiKeyInput,
  createdApiKey,
  installationView,
  inviteView,
} from '@pixgen/domain';
import { z } from 'zod';
import { rest } from '../rest.ts';
import { adminProcedure, publicProcedure, router, userProcedure } from '../trpc.ts';

export const accountRouter = router({
  installation: publicProcedure
    .input(z.void())
    .output(installationView)
    .query(({ ctx }) => getInstallation(ctx.deps)),
  me: userProcedure
    .meta(rest('GET', '/account', 'account'))
    .input(z.void())
    .output(accountView)
    .query(({ ctx }) => getAccount(ctx.deps, ctx.actor)),
  createApiKey: userProcedure
    .meta(rest('POST', '/account/api-keys', 'account'))
    .input(createApiKeyInput)
    .output(createdApiKey)
    .mutation(({ ctx, input }) => createApiKey(ctx.deps, ctx.actor, input)),
  apiKeys: userProcedure
    .meta(rest('GET', '/account/api-keys', 'account'))
    .input(z.void())
    .output(apiKeyList)
    .query(({ ctx }) => listApiKeys(ctx.deps, ctx.actor)),
  revokeApiKey: userProcedure
    .meta(rest('DELETE', '/account/api-keys/{id}', 'account'))
    .input(byId)
    .output(apiKeyView)
    .mutation(({ ctx, input }) => revokeApiKey(ctx.deps, ctx.actor, input)),
});

export const adminRouter = router({
  createInvite: adminProcedure
    .meta(rest('POST', '/admin/invites', 'admin'))
    .input(z.void())
    .output(inviteView)
    .mutation(({ ctx }) => createInvite(ctx.deps, ctx.actor)),
});
