import {
  createApiKey,
  createInvite,
  getAccount,
  getDeadLetter,
  getInstallation,
  listApiKeys,
  listDeadLetters,
  retryDeadLetters,
  revokeApiKey,
} from '@pixgen/core';
import {
  accountView,
  apiKeyList,
  apiKeyView,
  byId,
  createApiKeyInput,
  createdApiKey,
  deadLetterPage,
  deadLetterStory,
  installationView,
  inviteView,
  listDeadLettersInput,
  retryDeadLettersInput,
  retryDeadLettersResult,
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
  deadLetters: router({
    list: adminProcedure
      .meta(rest('GET', '/admin/dead-letters', 'admin'))
      .input(listDeadLettersInput)
      .output(deadLetterPage)
      .query(({ ctx, input }) => listDeadLetters(ctx.deps, input)),
    get: adminProcedure
      .meta(rest('GET', '/admin/dead-letters/{id}', 'admin'))
      .input(byId)
      .output(deadLetterStory)
      .query(({ ctx, input }) => getDeadLetter(ctx.deps, input)),
    /** One or many; each id is its own idempotency key. */
    retry: adminProcedure
      .meta(rest('POST', '/admin/dead-letters/retry', 'admin'))
      .input(retryDeadLettersInput)
      .output(retryDeadLettersResult)
      .mutation(({ ctx, input }) => retryDeadLetters(ctx.deps, input)),
  }),
});
