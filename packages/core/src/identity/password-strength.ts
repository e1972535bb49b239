/** Whether a password is among the first that a guesser tries. */
import { AppError, say } from '@pixgen/domain';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** Fewer than a million guesses, by zxcvbn's estimate (Wheeler, USENIX Security 2016): common passwords and their variants. */
const WEAKEST_SCORE = 2;
/** What comes after these tells nothing more, and the estimate takes longer than linear time. */
const JUDGED_CHARACTERS = 64;

let estimator: ZxcvbnFactory | undefined;

/**
 * @param about what is known of the person: a password made of it is no secret
 * @param field what the password is called in the input
 * @throws AppError INVALID_INPUT
 */
export function refuseWeakPassword(
  password: string,
  about: { email: string | null; displayName: string },
  field = 'password',
): void {
  // Made when it is first needed: the dictionaries are some megabytes.
  estimator ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  const { email, displayName } = about;
  const known = ['pixgen', displayName, ...displayName.split(/\s+/), ...(email?.split(/[@.]/) ?? []), email ?? ''];
  const words = known.filter((word) => word.length > 2);
  if (estimator.check(password.slice(0, JUDGED_CHARACTERS), words).score >= WEAKEST_SCORE) return;
  const message = say`This password is easy to guess. Use a few words that have nothing to do with each other or with you.`;
  throw new AppError('INVALID_INPUT', message, { fields: [{ path: field, message }] });
}
