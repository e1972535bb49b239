/**
 * A forgotten password: an administrator, or the operator's command, makes a one-time link for its person. Whoever holds the
 * link can become that person, so it is made by people, for members, and stands in the audit log.
 */
import { findLocalUser, findPasswordLink, forgetSignInTries, insertPasswordLink, setPasswordByLink } from '@pixgen/db';
import {
  AppError,
  notFound,
  type PasswordLinkView,
  type SessionAnswer,
  type SetPasswordInput,
  say,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { addressKey } from '../safety/address-key.ts';
import { refuseWeakPassword } from './password-strength.ts';
import { hashPassword } from './passwords.ts';
import { hashSecret, newLinkCode } from './secrets.ts';
import { KNOWN_NETWORK_MS } from './sign-in.ts';
import { type IdentityDeps, startSession } from './start-session.ts';

const LINK_MS = 24 * 3_600_000;

/**
 * For a member who asked an administrator. The caller's admin role is checked by the procedure. Administrators get theirs
 * from the operator's command: none can become another one unseen.
 *
 * @throws AppError FORBIDDEN for a program; NOT_FOUND for administrators and people without a password of ours
 */
export async function createPasswordLink(deps: Deps, actor: Actor, input: { id: string }): Promise<PasswordLinkView> {
  if (actor.via !== 'session') throw new AppError('FORBIDDEN', say`Only a signed-in person can make a password link.`);
  const link = await issue(deps, input.id, actor.userId);
  if (!link) throw notFound('user');
  return link;
}

/**
 * For the operator's command, which helps when the only administrator forgot theirs.
 *
 * @returns null when nobody with a password has this address
 */
export async function issuePasswordLink(deps: Pick<Deps, 'db'>, email: string): Promise<PasswordLinkView | null> {
  const user = await findLocalUser(deps.db, email);
  return user && issue(deps, user.id, null);
}

async function issue(
  deps: Pick<Deps, 'db'>,
  userId: string,
  createdBy: string | null,
): Promise<PasswordLinkView | null> {
  const { secret, hash: codeHash } = newLinkCode();
  const expiresAt = new Date(Date.now() + LINK_MS);
  const ofRole = createdBy === null ? {} : { ofRole: 'member' as const };
  if (!(await insertPasswordLink(deps.db, { codeHash, userId, createdBy, expiresAt, ...ofRole }))) return null;
  return { code: secret, expiresAt: expiresAt.toISOString() };
}

/**
 * Sets the password of a link's person, ends their sessions and signs them in. Of any number of concurrent calls one
 * succeeds.
 *
 * @throws AppError NOT_FOUND when the link was used or is too old; INVALID_INPUT for a password that is easy to guess
 */
export async function setPassword(deps: IdentityDeps, input: SetPasswordInput): Promise<SessionAnswer> {
  const codeHash = hashSecret(input.token);
  const user = await findPasswordLink(deps.db, codeHash);
  if (!user) throw linkIsUsed();
  refuseWeakPassword(input.password, user);
  const passwordHash = await hashPassword(input.password);
  if (!(await setPasswordByLink(deps.db, { codeHash, userId: user.id, passwordHash }))) throw linkIsUsed();
  // Who could not get in tried before, from here.
  const network = addressKey(deps.config.ticketKey, deps.address);
  await forgetSignInTries(deps.db, user.id, network, KNOWN_NETWORK_MS);
  return startSession(deps, user, passwordHash);
}

function linkIsUsed(): AppError {
  return new AppError('NOT_FOUND', say`This link was used or is too old. Ask for a new one.`);
}
