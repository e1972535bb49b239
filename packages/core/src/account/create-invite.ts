import { insertInvite } from '@pixgen/db';
import type { InviteView } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { newLinkCode } from '../identity/secrets.ts';

const INVITE_MS = 7 * 86_400_000;

/** An invitation for one account. The caller's admin role is checked by the procedure. */
export async function createInvite(deps: Deps, actor: Actor): Promise<InviteView> {
  const { secret, hash } = newLinkCode();
  const expiresAt = new Date(Date.now() + INVITE_MS);
  await insertInvite(deps.db, { codeHash: hash, kind: 'invite', createdBy: actor.userId, expiresAt });
  return { code: secret, expiresAt: expiresAt.toISOString() };
}
