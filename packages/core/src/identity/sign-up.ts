import { createLocalUser, isInviteOpen, isUniqueViolation } from '@pixgen/db';
import { AppError, type SessionAnswer, type SignUpInput, say } from '@pixgen/domain';
import { refuseWeakPassword } from './password-strength.ts';
import { hashPassword } from './passwords.ts';
import { hashSecret } from './secrets.ts';
import { type IdentityDeps, startSession } from './start-session.ts';

/**
 * Makes an account and signs it in.
 *
 * @throws AppError REGISTRATION_CLOSED without a usable invitation where one is needed; EMAIL_TAKEN; INVALID_INPUT for a
 * password that is easy to guess
 */
export async function signUp(deps: IdentityDeps, input: SignUpInput): Promise<SessionAnswer> {
  const { registration } = deps.config.auth;
  if (registration === 'closed') throw new AppError('REGISTRATION_CLOSED', say`This site takes no new accounts.`);
  const inviteHash = registration === 'invite' ? hashSecret(input.invite ?? '') : null;
  if (inviteHash !== null && !(await isInviteOpen(deps.db, inviteHash, 'invite'))) throw needsInvite();
  refuseWeakPassword(input.password, input);
  const user = {
    email: input.email,
    displayName: input.displayName,
    passwordHash: await hashPassword(input.password),
    budgetLimitMicroUsd: deps.config.defaultBudgetMicroUsd,
  };
  const created = await createLocalUser(deps.db, user, inviteHash).catch(refuseTakenEmail);
  if (!created) throw needsInvite();
  return startSession(deps, created, user.passwordHash);
}

function needsInvite(): AppError {
  return new AppError(
    'REGISTRATION_CLOSED',
    say`You need an invitation that was not used yet. Ask the operator of this site.`,
    {
      fields: [{ path: 'invite', message: say`This invitation cannot be used.` }],
    },
  );
}

export function refuseTakenEmail(error: unknown): never {
  if (!isUniqueViolation(error, 'email')) throw error;
  throw new AppError('EMAIL_TAKEN', say`There is an account with this e-mail address. Sign in instead.`, {
    cause: error,
    fields: [{ path: 'email', message: say`Already in use.` }],
  });
}
