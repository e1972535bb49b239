/** Jobs that ended badly, as an operator sees them. */
import { z } from 'zod';
import { id, isoTime, page, pageInput } from './common.ts';
import { jobKind } from './job-state.ts';
import { jobDetailView, jobView } from './jobs.ts';
import { LIMITS } from './limits.ts';

/** Ids and facts only: what a person wrote or sent is not the operator's to read here. */
export const deadLetterView = jobView.extend({
  userId: id,
  /** As the list of people has it: who pays for a retry. */
  ownerName: z.string(),
  modelId: id,
  holdMicroUsd: z.int(),
  retryOf: id.nullable(),
});
export type DeadLetterView = z.infer<typeof deadLetterView>;
export const deadLetterPage = page(deadLetterView);
export const listDeadLettersInput = pageInput.extend({ kind: jobKind.optional() });

export const deadLetterStory = deadLetterView.extend({
  /** False once it was retried. */
  open: z.boolean(),
  attempts: z.array(jobDetailView.shape.attempts.element.extend({ callIds: z.array(z.string()) })),
  events: jobDetailView.shape.events,
  ledger: z.array(z.object({ entry: z.enum(['hold', 'settle', 'release']), amountMicroUsd: z.int(), at: isoTime })),
});
export type DeadLetterStory = z.infer<typeof deadLetterStory>;

export const retryDeadLettersInput = z.strictObject({
  ids: z.array(id).min(1).max(LIMITS.deadLetterRetries.max),
});
/** One answer per id, in the order of the call. `accepted` comes again when the call is repeated. */
export const retryDeadLettersResult = z.object({
  items: z.array(
    z.discriminatedUnion('outcome', [
      z.object({ id, outcome: z.literal('accepted'), jobId: id }),
      z.object({ id, outcome: z.literal('refused'), code: z.string(), message: z.string() }),
    ]),
  ),
});
export type RetryDeadLettersResult = z.infer<typeof retryDeadLettersResult>;
