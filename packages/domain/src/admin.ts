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
