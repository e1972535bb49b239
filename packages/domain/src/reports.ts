/** Reports of pictures by anybody, and what an administrator decides about them within 48 hours. */
import { z } from 'zod';
import { email } from './account.ts';
import { id, isoTime, page, pageInput, plainText } from './common.ts';
import { LIMITS } from './limits.ts';

/** The clock of a report: until then somebody has looked at it. */
export const REPORT_DUE_MS = 48 * 3_600_000;

export const reportReason = z.enum(['without-consent', 'minor', 'sexual', 'illegal', 'other']);
export type ReportReason = z.infer<typeof reportReason>;

/** Lines are kept: people explain in paragraphs. */
const words = z
  .string()
  .max(LIMITS.report.words * 4)
  .transform((text) =>
    text
      .normalize('NFC')
      .replace(/\r\n?/gu, '\n')
      .replace(/[^\P{Cc}\n]+/gu, ' ')
      .trim(),
  )
  .pipe(z.string().max(LIMITS.report.words));

export const fileReportInput = z.strictObject({
  /** The address of a picture or model, or words that say where it is. */
  what: plainText(1, LIMITS.report.what),
  reason: reportReason,
  words: words.default(''),
  /** Where the reporter can be asked; nobody has to give one. */
  contact: email.optional(),
});
export type FileReportInput = z.infer<typeof fileReportInput>;

/** Shows the state of a report without an account. 256 random bits. */
const reportCode = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
export const reportCodeInput = z.strictObject({ code: reportCode });
/** The same for whatever was named, so that it tells nothing of what exists. */
export const reportReceived = z.object({ code: reportCode, receivedAt: isoTime, dueAt: isoTime });
export type ReportReceived = z.infer<typeof reportReceived>;

/** `gone`: what was reported was erased by its owner before a decision. */
export const reportState = z.enum(['open', 'dismissed', 'taken-down', 'suspended', 'gone']);
export type ReportState = z.infer<typeof reportState>;
/** What the reporter may see. */
export const reportProgress = z.object({
  state: reportState,
  reason: reportReason,
  receivedAt: isoTime,
  dueAt: isoTime,
  decidedAt: isoTime.nullable(),
});
export type ReportProgress = z.infer<typeof reportProgress>;

export const reportView = z.object({
  id,
  state: reportState,
  reason: reportReason,
  what: z.string(),
  receivedAt: isoTime,
  dueAt: isoTime,
  decidedAt: isoTime.nullable(),
  /** Open, and its 48 hours are over. */
  overdue: z.boolean(),
});
export type ReportView = z.infer<typeof reportView>;
export const reportPage = page(reportView);
/** Open ones come with what is due first, decided ones newest first. */
export const listReportsInput = pageInput.extend({ open: z.stringbool().or(z.boolean()).default(true) });

/** One thing that a report names and that is there. */
export const reportTarget = z.object({
  id,
  kind: z.enum(['image', 'photo', 'sample', 'generation', 'model']),
  modelId: id,
  modelName: z.string(),
  owner: z.object({
    id,
    displayName: z.string(),
    status: z.enum(['active', 'suspended', 'erasing']),
    strikes: z.int(),
  }),
  /** A small version as a data URL; null where there is none. */
  picture: z.string().nullable(),
});
export type ReportTarget = z.infer<typeof reportTarget>;
export const reportDetail = reportView.extend({
  words: z.string(),
  contact: z.string().nullable(),
  /** Of somebody who was signed in. */
  reporter: z.string().nullable(),
  targets: z.array(reportTarget),
});
export type ReportDetail = z.infer<typeof reportDetail>;

export const reportDecision = z.enum(['dismiss', 'take-down-picture', 'take-down-model', 'suspend-person']);
export type ReportDecision = z.infer<typeof reportDecision>;
export const decideReportInput = z.strictObject({
  id,
  decision: reportDecision,
  /** What is decided about: something that the report names, or that an administrator found by its words. */
  targetId: id.optional(),
});
export type DecideReportInput = z.infer<typeof decideReportInput>;

export const reportClock = z.object({ open: z.int(), overdue: z.int(), nextDueAt: isoTime.nullable() });
export type ReportClock = z.infer<typeof reportClock>;

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/giu;

/** Ids that a report names, in addresses or alone; nothing is looked up for it. */
export function idsNamedIn(...texts: string[]): string[] {
  const found = texts.flatMap((text) => text.match(UUID) ?? []).map((one) => one.toLowerCase());
  return [...new Set(found)].slice(0, LIMITS.report.targets);
}
