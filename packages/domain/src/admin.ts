/** People and queues, as an administrator sees them. */
import { z } from 'zod';
import { userRole, userStatus } from './account.ts';
import { id, isoTime, page, pageInput, plainText } from './common.ts';
import { LIMITS } from './limits.ts';

export const adminUserStatus = z.enum(['active', 'suspended', 'erasing']);
export const adminUserView = z.object({
  id,
  displayName: z.string(),
  email: z.string().nullable(),
  role: userRole,
  status: adminUserStatus,
  createdAt: isoTime,
  spentMicroUsd: z.int(),
  heldMicroUsd: z.int(),
  /** Null: no budget is enforced. */
  limitMicroUsd: z.int().nullable(),
});
export type AdminUserView = z.infer<typeof adminUserView>;
export const adminUserPage = page(adminUserView);
export const listUsersInput = pageInput.extend({
  /** Part of a name or an address. */
  search: plainText(0, LIMITS.search.max).optional(),
  role: userRole.optional(),
  status: adminUserStatus.optional(),
});
export const updateUserInput = z.strictObject({
  id,
  role: userRole.optional(),
  status: userStatus.optional(),
});
export type UpdateUserInput = z.infer<typeof updateUserInput>;

/** What an installation needs, in the order in which one thing needs the other. `upload` is tried by the browser. */
export const systemCheckName = z.enum(['database', 'migrations', 'redis', 'storage', 'upload', 'events', 'gpu']);
export type SystemCheckName = z.infer<typeof systemCheckName>;
/** `cause`: what the part itself said, for administrators; null when it is well, or told to somebody else. */
export const systemCheck = z.object({ name: systemCheckName, ok: z.boolean(), cause: z.string().nullable() });
export type SystemCheck = z.infer<typeof systemCheck>;
export const systemChecks = z.object({
  checks: z.array(systemCheck),
  /** One small object that the browser may PUT: only it can tell whether people reach the store. */
  upload: z.object({ url: z.string(), headers: z.record(z.string(), z.string()), body: z.string() }),
});
export type SystemChecks = z.infer<typeof systemChecks>;
/** Null once there is an administrator. */
export const setUpChecks = z.object({ checks: z.array(systemCheck).nullable() });
export type SetUpChecks = z.infer<typeof setUpChecks>;

export const queuesView = z.object({
  /** False: the queues cannot be read; jobs are accepted and wait in Postgres. */
  redis: z.boolean(),
  queues: z.array(z.object({ task: z.string(), waiting: z.int(), active: z.int(), failed: z.int() })),
  /** Rows that wait to be handed to the queue. */
  outbox: z.int(),
  /** Jobs that have not ended. */
  liveJobs: z.int(),
  deadLetters: z.int(),
});
export type QueuesView = z.infer<typeof queuesView>;
