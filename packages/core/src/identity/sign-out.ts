import { revokeSession } from '@pixgen/db';
import type { Deps } from '../deps.ts';
import type { Authenticator } from './authenticator.ts';

/** Ends the session of the token in the header, everywhere. Repeating it, or sending no valid token, is not an error. */
export async function signOut(
  deps: Pick<Deps, 'db'>,
  authenticator: Authenticator,
  authorization: string | undefined,
): Promise<void> {
  const claims = await authenticator.readSession(authorization);
  if (claims) await revokeSession(deps.db, claims.sessionId);
}
