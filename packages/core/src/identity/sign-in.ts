import { countSignInTry, findCredential, forgetSignInTries, logFailedSignIn } from '@pixgen/db';
import { AppError, type SessionAnswer, say } from '@pixgen/domain';
import { isPassword } from './passwords.ts';
import { type IdentityDeps, startSession } from './start-session.ts';

/** After ten wrong tries the account rests: a guesser gets 960 tries a day, whatever addresses they call from. */
export const SIGN_IN_LIMIT = { tries: 10, restMs: 15 * 60_000 } as const;

/**
 * The answer and the work are the same for a wrong password, an unknown address and an account at rest.
 *
 * @throws AppError UNAUTHENTICATED
 */
export async function signIn(deps: IdentityDeps, input: { email: string; password: string }): Promise<SessionAnswer> {
  const credential = await findCredential(deps.db, input.email);
  const mayTry = credential !== null && (await countSignInTry(deps.db, credential.userId, SIGN_IN_LIMIT));
  const matches = await isPassword(input.password, credential?.passwordHash ?? null);
  if (credential === null || !mayTry || !matches) {
    await logFailedSignIn(deps.db, credential?.userId ?? null);
    throw new AppError(
      'UNAUTHENTICATED',
      say`E-mail or password is wrong. After ten wrong tries an account rests for 15 minutes.`,
    );
  }
  await forgetSignInTries(deps.db, credential.userId);
  return startSession(deps, { id: credential.userId, subject: credential.subject }, credential.passwordHash);
}
