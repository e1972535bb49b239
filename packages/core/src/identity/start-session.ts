import { randomBytes } from 'node:crypto';
import { insertSession } from '@pixgen/db';
import { AppError, type SessionAnswer, say } from '@pixgen/domain';
import Bowser from 'bowser';
import type { Deps } from '../deps.ts';
import type { SessionIssuer } from './session-issuer.ts';

/** A person signs in again after this. */
const SESSION_MS = 14 * 86_400_000;
/** And after a week without a call: whoever finds a forgotten browser finds it signed out. */
export const SESSION_IDLE_MS = 7 * 86_400_000;
const DEVICE_CHARACTERS = 80;

/** What the use cases of our own accounts need besides the usual. */
export type IdentityDeps = Pick<Deps, 'db' | 'config' | 'log'> & {
  issuer: SessionIssuer;
  /** Of the caller, as the trusted proxies tell it. */
  address: string;
  /** The `User-Agent` of the browser that asks. */
  userAgent?: string | undefined;
};

/**
 * @param passwordHash what the person's password was compared with, or was just set to
 * @throws AppError UNAUTHENTICATED when the password was changed in the meantime
 */
export async function startSession(
  deps: IdentityDeps,
  user: { id: string; subject: string },
  passwordHash: string,
): Promise<SessionAnswer> {
  // Whole seconds, as the token counts them.
  const expiresAt = new Date(Math.floor((Date.now() + SESSION_MS) / 1000) * 1000);
  const id = `sess_${randomBytes(18).toString('base64url')}`;
  const session = { id, userId: user.id, expiresAt, device: deviceName(deps.userAgent), passwordHash };
  if (!(await insertSession(deps.db, session)))
    throw new AppError('UNAUTHENTICATED', say`The password was changed in the meantime. Sign in with the new one.`);
  const token = await deps.issuer.issue({ subject: user.subject, sessionId: session.id, expiresAt });
  return { token, expiresAt: expiresAt.toISOString() };
}

/** Names and no words, so that it needs no translation: "Firefox · Linux". Of the rest of the header nothing is kept. */
export function deviceName(userAgent: string | undefined): string | null {
  if (!userAgent) return null;
  const { browser, os } = Bowser.parse(userAgent.slice(0, 500));
  const names = [browser.name, os.name].filter((name): name is string => typeof name === 'string' && name !== '');
  return names.join(' · ').slice(0, DEVICE_CHARACTERS) || null;
}
