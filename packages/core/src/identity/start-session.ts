import { randomBytes } from 'node:crypto';
import { insertSession } from '@pixgen/db';
import type { SessionAnswer } from '@pixgen/domain';
import type { Deps } from '../deps.ts';
import type { SessionIssuer } from './session-issuer.ts';

/** A person signs in again after this. */
const SESSION_MS = 14 * 86_400_000;

/** What the use cases of our own accounts need besides the usual. */
export type IdentityDeps = Pick<Deps, 'db' | 'config' | 'log'> & { issuer: SessionIssuer };

export async function startSession(deps: IdentityDeps, user: { id: string; subject: string }): Promise<SessionAnswer> {
  // Whole seconds, as the token counts them.
  const expiresAt = new Date(Math.floor((Date.now() + SESSION_MS) / 1000) * 1000);
  const session = { id: `sess_${randomBytes(18).toString('base64url')}`, userId: user.id, expiresAt };
  await insertSession(deps.db, session);
  const token = await deps.issuer.issue({ subject: user.subject, sessionId: session.id, expiresAt });
  return { token, expiresAt: expiresAt.toISOString() };
}
