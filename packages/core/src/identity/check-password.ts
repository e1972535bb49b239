import { countSignInTry, findCredentialOf, forgetSignInTries, type LocalUser, logFailedSignIn } from '@pixgen/db';
import { AppError, say } from '@pixgen/domain';
import type { Deps } from '../deps.ts';
import { isPassword } from './passwords.ts';
import { KNOWN_NETWORK_MS, SIGN_IN_LIMIT } from './sign-in.ts';

/** Counted apart from all networks: whoever has stolen a session cannot keep its person from signing in. */
const SIGNED_IN = 'session';

/**
 * Asks a signed-in person for their password again. Counts as a try to sign in, so that a stolen session cannot be used to
 * guess.
 *
 * @param field what the password is called in the input
 * @throws AppError INVALID_INPUT
 */
export async function checkPassword(
  deps: Pick<Deps, 'db'>,
  userId: string,
  password: string,
  field = 'password',
): Promise<{ passwordHash: string; user: LocalUser }> {
  const credential = await findCredentialOf(deps.db, userId);
  const mayTry = credential !== null && (await countSignInTry(deps.db, userId, SIGNED_IN, SIGN_IN_LIMIT));
  const matches = await isPassword(password, credential?.passwordHash ?? null);
  if (credential && mayTry && matches) {
    await forgetSignInTries(deps.db, userId, SIGNED_IN, KNOWN_NETWORK_MS);
    return credential;
  }
  await logFailedSignIn(deps.db, userId);
  const message = say`The password is wrong.`;
  throw new AppError('INVALID_INPUT', message, { fields: [{ path: field, message }] });
}
