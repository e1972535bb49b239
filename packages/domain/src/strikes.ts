/** Strikes: what a person did against the rules, kept for a while and told to them. Enough of them suspend the account. */
import { z } from 'zod';
import { id, isoTime, page, pageInput } from './common.ts';
import type { PromptVerdict } from './prompt-safety.ts';
import { type Sentence, say } from './sentence.ts';

/** A refused prompt by what it asked for, or a report that was upheld. Never the prompt itself. */
export const strikeReason = z.enum(['prompt-minors', 'prompt-sexual', 'taken-down']);
export type StrikeReason = z.infer<typeof strikeReason>;

export function strikeReasonOf(verdict: Extract<PromptVerdict, { allowed: false }>): StrikeReason {
  return `prompt-${verdict.reason}`;
}

/** A word that is changed and tried again is no second offence: refusals of a kind within this time are one strike. */
export const STRIKE_PAUSE_MS = 3_600_000;

export const strikeView = z.object({ id, reason: strikeReason, at: isoTime, liftedAt: isoTime.nullable() });
export type StrikeView = z.infer<typeof strikeView>;

/** One's own standing. `limit` 0: strikes are noted and suspend nobody. */
export const standingView = z.object({
  strikes: z.array(strikeView),
  counted: z.int(),
  limit: z.int(),
  days: z.int(),
});
export type StandingView = z.infer<typeof standingView>;

export const adminStrikeView = strikeView.extend({
  person: z.object({ id, displayName: z.string(), status: z.enum(['active', 'suspended', 'erasing']) }),
});
export type AdminStrikeView = z.infer<typeof adminStrikeView>;
export const adminStrikePage = page(adminStrikeView);
export const listStrikesInput = pageInput.extend({ userId: id.optional() });

const WHAT: Record<StrikeReason, Sentence> = {
  'prompt-minors': say`a prompt for sexual or suggestive pictures of minors was refused`,
  'prompt-sexual': say`a prompt for sexual pictures was refused`,
  'taken-down': say`a report was upheld and a picture or model taken down`,
};

/** What happened and what it means, for the person; null where strikes suspend nobody. */
export function describeStrike(
  reason: StrikeReason,
  standing: { counted: number; limit: number; days: number; suspended: boolean },
): Sentence | null {
  const { counted, limit, days, suspended } = standing;
  if (limit === 0) return null;
  const now = say`This counts as strike ${counted} of ${limit} in ${days} days (${WHAT[reason]}).`;
  return suspended
    ? say`${now} The account is suspended; ask the operator of this site.`
    : say`${now} With ${limit} the account is suspended. Settings show your strikes.`;
}
