/** The audit log as an administrator sees it. People stand in it as pseudonyms; the names are read from their accounts. */
import { z } from 'zod';
import { isoTime, page } from './common.ts';
import { LIMITS } from './limits.ts';
import { AUDIT_ACTIONS } from './words.ts';

export const auditAction = z.enum(AUDIT_ACTIONS);
export type AuditAction = z.infer<typeof auditAction>;

/** `name` is null for people who are erased; a pseudonym of null means the system, or somebody nobody knows. */
const auditPerson = z.object({ pseudonym: z.uuid().nullable(), name: z.string().nullable() });
export const auditEntryView = z.object({
  id: z.string(),
  at: isoTime,
  action: auditAction,
  actor: auditPerson,
  subject: auditPerson,
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  /** Its place in the chain; null for the few seconds until it is linked. */
  link: z.object({ number: z.int(), hash: z.string() }).nullable(),
});
export type AuditEntryView = z.infer<typeof auditEntryView>;
export const auditPage = page(auditEntryView);
export const listAuditInput = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.page.max).default(LIMITS.page.default),
  action: auditAction.optional(),
  /** A pseudonym, as who did it or whom it concerns. */
  person: z.uuid().optional(),
});
export type ListAuditInput = z.infer<typeof listAuditInput>;
