/** The first admin: made only by a one-time link that the operator's own command prints. */
import { adminExists, createFirstAdmin, insertInvite, isInviteOpen } from '@pixgen/db';
import { AppError, type SessionAnswer, say, type setUpInput } from '@pixgen/domain';
import type { z } from 'zod';
import type { Deps } from '../deps.ts';
import { refuseWeakPassword } from './password-strength.ts';
import { hashPassword } from './passwords.ts';
import { hashSecret, newLinkCode } from './secrets.ts';
import { refuseTakenEmail } from './sign-up.ts';
import { type IdentityDeps, startSession } from './start-session.ts';

const LINK_MS = 24 * 3_600_000;

/**
 * A fresh set-up token; earlier ones stop working.
 *
 * @returns null when there is an admin already
 */
export async function issueSetUpLink(deps: Pick<Deps, 'db'>): Promise<{ token: string; expiresAt: string } | null> {
  if (await adminExists(deps.db)) return null;
  const { secret, hash } = newLinkCode();
  const expiresAt = new Date(Date.now() + LINK_MS);
  await insertInvite(deps.db, { codeHash: hash, kind: 'set-up', createdBy: null, expiresAt });
  return { token: secret, expiresAt: expiresAt.toISOString() };
}

/**
 * Makes the first admin and signs them in. Of any number of concurrent calls one succeeds.
 *
 * @throws AppError REGISTRATION_CLOSED when the link was used or is too old, or an admin exists; EMAIL_TAKEN;
 * INVALID_INPUT for a password that is easy to guess
 */
export async function setUp(deps: IdentityDeps, input: z.infer<typeof setUpInput>): Promise<SessionAnswer> {
  const linkHash = hashSecret(input.token);
  if (!(await isInviteOpen(deps.db, linkHash, 'set-up'))) throw linkIsUsed();
  refuseWeakPassword(input.password, input);
  const user = {
    email: input.email,
    displayName: input.displayName,
    passwordHash: await hashPassword(input.password),
    // Whoever pays for the machine is not kept from using it.
    budgetLimitMicroUsd: null,
  };
  const admin = await createFirstAdmin(deps.db, user, linkHash).catch(refuseTakenEmail);
  if (!admin) throw linkIsUsed();
  return startSession(deps, admin, user.passwordHash);
}

function linkIsUsed(): AppError {
  return new AppError(
    'REGISTRATION_CLOSED',
    say`This set-up link was used or is too old. Restart PixGen to get a new one.`,
  );
}
