import { replacePassword } from '@pixgen/db';
import { AppError, type ChangePasswordInput, type SessionAnswer, say } from '@pixgen/domain';
import type { Actor } from '../deps.ts';
import { checkPassword } from './check-password.ts';
import { refuseWeakPassword } from './password-strength.ts';
import { hashPassword } from './passwords.ts';
import { type IdentityDeps, startSession } from './start-session.ts';

/**
 * Replaces the caller's password and ends every session of theirs, this one too: whoever knew the old password is out.
 * API keys stay, they do not depend on it.
 *
 * @returns a new session for the caller
 * @throws AppError FORBIDDEN for a program; INVALID_INPUT for a wrong old password or a new one that is easy to guess;
 * STATE_CONFLICT when it was changed in the meantime
 */
export async function changePassword(
  deps: IdentityDeps,
  actor: Actor,
  input: ChangePasswordInput,
): Promise<SessionAnswer> {
  if (actor.via !== 'session') throw new AppError('FORBIDDEN', say`Only a signed-in person can change a password.`);
  const { user, passwordHash: from } = await checkPassword(
    deps,
    actor.userId,
    input.currentPassword,
    'currentPassword',
  );
  refuseWeakPassword(input.password, user);
  const passwordHash = await hashPassword(input.password);
  if (!(await replacePassword(deps.db, { userId: user.id, from, passwordHash })))
    throw new AppError('STATE_CONFLICT', say`The password was changed in the meantime. Sign in with the new one.`);
  return startSession(deps, user, passwordHash);
}
