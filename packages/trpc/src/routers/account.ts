import {
  checkBeforeSetUp,
  checkSystem,
  createApiKey,
  createInvite,
  createPasswordLink,
  endOtherSessions,
  endSession,
  endSessionsOf,
  eraseAccount,
  eraseUser,
  getAccount,
  getDeadLetter,
  getErasure,
  getExport,
  getInstallation,
  getStanding,
  listApiKeys,
  listAudit,
  listDeadLetters,
  listSessions,
  listUsers,
  readQueues,
  requestExport,
  retryDeadLetters,
  revokeApiKey,
  updateUser,
} from '@pixgen/core';
import {
  accountView,
  adminUserPage,
  adminUserView,
  apiKeyList,
  apiKeyView,
  auditPage,
  byId,
  createApiKeyInput,
  createdApiKey,
  dataExportAnswer,
  deadLetterPage,
  deadLetterStory,
  endedSessions,
  endSessionInput,
  eraseAccountInput,
  eraseUserInput,
  erasureInput,
  erasureStarted,
  erasureView,
  installationView,
  inviteView,
  listAuditInput,
  listDeadLettersInput,
  listUsersInput,
  passwordLinkView,
  queuesView,
  retryDeadLettersInput,
  retryDeadLettersResult,
  sessionList,
  setUpChecks,
  standingView,
  systemChecks,
  updateUserInput,
} from '@pixgen/domain';
import { z } from 'zod';
import { rest } from '../rest.ts';
import { adminProcedure, personProcedure, publicProcedure, router, userProcedure } from '../trpc.ts';
import { adminReportsRouter, adminStrikesRouter } from './reports.ts';

export const accountRouter = router({
  installation: publicProcedure
    .input(z.void())
    .output(installationView)
    .query(({ ctx }) => getInstallation(ctx.deps)),
  /** What works and what does not, for whoever sets this installation up; nothing once there is an administrator. */
  setUpChecks: publicProcedure
    .input(z.void())
    .output(setUpChecks)
    .query(({ ctx }) => checkBeforeSetUp(ctx.deps)),
  me: userProcedure
    .meta(rest('GET', '/account', 'account'))
    .input(z.void())
    .output(accountView)
    .query(({ ctx }) => getAccount(ctx.deps, ctx.actor)),
  standing: personProcedure
    .meta(rest('GET', '/account/standing', 'account'))
    .input(z.void())
    .output(standingView)
    .query(({ ctx }) => getStanding(ctx.deps, ctx.actor)),
  createApiKey: userProcedure
    .meta({ ...rest('POST', '/account/api-keys', 'account'), by: 'session' })
    .input(createApiKeyInput)
    .output(createdApiKey)
    .mutation(({ ctx, input }) => createApiKey(ctx.deps, ctx.actor, input)),
  apiKeys: userProcedure
    .meta(rest('GET', '/account/api-keys', 'account'))
    .input(z.void())
    .output(apiKeyList)
    .query(({ ctx }) => listApiKeys(ctx.deps, ctx.actor)),
  revokeApiKey: userProcedure
    .meta({ ...rest('DELETE', '/account/api-keys/{id}', 'account'), by: 'session' })
    .input(byId)
    .output(apiKeyView)
    .mutation(({ ctx, input }) => revokeApiKey(ctx.deps, ctx.actor, input)),
  /** Where the caller is signed in; empty where an identity provider keeps the sessions. */
  sessions: userProcedure
    .meta(rest('GET', '/account/sessions', 'account'))
    .input(z.void())
    .output(sessionList)
    .query(({ ctx }) => listSessions(ctx.deps, ctx.actor)),
  endSession: userProcedure
    .meta({ ...rest('DELETE', '/account/sessions/{id}', 'account'), by: 'session' })
    .input(endSessionInput)
    .output(endedSessions)
    .mutation(({ ctx, input }) => endSession(ctx.deps, ctx.actor, input)),
  endOtherSessions: userProcedure
    .meta({ ...rest('POST', '/account/sessions/end-others', 'account'), by: 'session' })
    .input(z.void())
    .output(endedSessions)
    .mutation(({ ctx }) => endOtherSessions(ctx.deps, ctx.actor)),
  exportData: personProcedure
    // All that a person has, packed.
    .meta({ ...rest('POST', '/account/export', 'account'), weight: 10 })
    .input(z.void())
    .output(dataExportAnswer)
    .mutation(({ ctx }) => requestExport(ctx.deps, ctx.actor)),
  dataExport: personProcedure
    .meta(rest('GET', '/account/export', 'account'))
    .input(z.void())
    .output(dataExportAnswer)
    .query(({ ctx }) => getExport(ctx.deps, ctx.actor)),
  erase: personProcedure
    .meta({ ...rest('POST', '/account/erase', 'account'), by: 'session' })
    .input(eraseAccountInput)
    .output(erasureStarted)
    .mutation(({ ctx, input }) => eraseAccount(ctx.deps, ctx.actor, input)),
  /** Progress and receipt of an erasure, for whoever has its code. A mutation, so that the code stands in no address. */
  erasure: publicProcedure
    .meta(rest('POST', '/account/erasure', 'account'))
    .input(erasureInput)
    .output(erasureView)
    .mutation(({ ctx, input }) => getErasure(ctx.deps, input)),
});

export const adminRouter = router({
  createInvite: adminProcedure
    .meta(rest('POST', '/admin/invites', 'admin'))
    .input(z.void())
    .output(inviteView)
    .mutation(({ ctx }) => createInvite(ctx.deps, ctx.actor)),
  auditLog: adminProcedure
    .meta(rest('GET', '/admin/audit-log', 'admin'))
    .input(listAuditInput)
    .output(auditPage)
    .query(({ ctx, input }) => listAudit(ctx.deps, input)),
  queues: adminProcedure
    .meta(rest('GET', '/admin/queues', 'admin'))
    .input(z.void())
    .output(queuesView)
    .query(({ ctx }) => readQueues(ctx.deps)),
  checks: adminProcedure
    .meta(rest('GET', '/admin/checks', 'admin'))
    .input(z.void())
    .output(systemChecks)
    .query(({ ctx }) => checkSystem(ctx.deps)),
  users: router({
    list: adminProcedure
      .meta(rest('GET', '/admin/users', 'admin'))
      .input(listUsersInput)
      .output(adminUserPage)
      .query(({ ctx, input }) => listUsers(ctx.deps, input)),
    update: adminProcedure
      .meta(rest('PATCH', '/admin/users/{id}', 'admin'))
      .input(updateUserInput)
      .output(adminUserView)
      .mutation(({ ctx, input }) => updateUser(ctx.deps, ctx.actor, input)),
    /** For somebody who forgot their password: a link that sets a new one, once. */
    passwordLink: adminProcedure
      .meta(rest('POST', '/admin/users/{id}/password-link', 'admin'))
      .input(byId)
      .output(passwordLinkView)
      .mutation(({ ctx, input }) => createPasswordLink(ctx.deps, ctx.actor, input)),
    /** Of every browser, with the next call. */
    endSessions: adminProcedure
      .meta(rest('POST', '/admin/users/{id}/end-sessions', 'admin'))
      .input(byId)
      .output(endedSessions)
      .mutation(({ ctx, input }) => endSessionsOf(ctx.deps, ctx.actor, input)),
    /** For somebody who asked the operator, or may not stay. Final. */
    erase: adminProcedure
      .meta(rest('POST', '/admin/users/{id}/erase', 'admin'))
      .input(eraseUserInput)
      .output(erasureStarted)
      .mutation(({ ctx, input }) => eraseUser(ctx.deps, ctx.actor, input)),
  }),
  reports: adminReportsRouter,
  strikes: adminStrikesRouter,
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
      .meta({
        ...rest('POST', '/admin/dead-letters/retry', 'admin'),
        weight: ({ ids }) => (Array.isArray(ids) ? ids.length / 10 : 1),
      })
      .input(retryDeadLettersInput)
      .output(retryDeadLettersResult)
      .mutation(({ ctx, input }) => retryDeadLetters(ctx.deps, ctx.actor, input)),
  }),
});
