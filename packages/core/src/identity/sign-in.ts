import { countSignInTry, findCredential, forgetSignInTries, logFailedSignIn } from '@pixgen/db';
import { AppError, type SessionAnswer, say } from '@pixgen/domain';
import { addressKey } from '../safety/address-key.ts';
import { isPassword } from './passwords.ts';
import { type IdentityDeps, startSession } from './start-session.ts';

/**
 * After ten wrong tries from one network the account rests for that network: nobody keeps its person out of it from afar.
 * After a hundred from all networks together it rests for those from which its person has not signed in lately.
 */
export const SIGN_IN_LIMIT = { tries: 10, triesOverall: 100, restMs: 15 * 60_000 } as const;
/** From where a person signed in, guesses of others do not count. */
export const KNOWN_NETWORK_MS = 90 * 86_400_000;

/**
 * The answer and the work are the same for a wrong password, an unknown address and an account at rest.
 *
 * @throws AppError UNAUTHENTICATED
 */
export async function signIn(deps: IdentityDeps, input: { email: string; password: string }): Promise<SessionAnswer> {
  const network = addressKey(deps.config.ticketKey, deps.address);
  const credential = await findCredential(deps.db, input.email);
  const mayTry = credential !== null && (await countSignInTry(deps.db, credential.userId, network, SIGN_IN_LIMIT));
  const matches = await isPassword(input.password, credential?.passwordHash ?? null);
  if (credential === null || !mayTry || !matches) {
    await logFailedSignIn(deps.db, credential?.userId ?? null);
    throw new AppError(
      'UNAUTHENTICATED',
      say`E-mail or password is wrong. After ten wrong tries you have to wait 15 minutes.`,
    );
  }
  await forgetSignInTries(deps.db, credential.userId, network, KNOWN_NETWORK_MS);
  return startSession(deps, { id: credential.userId, subject: credential.subject }, credential.passwordHash);
}
