import { type ApiKeyRow, insertApiKey, listApiKeys as listRows, revokeApiKey as revokeRow } from '@pixgen/db';
import { type ApiKeyView, AppError, LIMITS, notFound, say } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { newApiKey } from '../identity/secrets.ts';

/** @returns the key with its secret, which is not shown again */
export async function createApiKey(
  deps: Deps,
  actor: Actor,
  input: { name: string },
): Promise<ApiKeyView & { secret: string }> {
  requirePerson(actor);
  const { secret, hash, prefix } = newApiKey();
  const limit = LIMITS.apiKeysPerUser.max;
  const row = await insertApiKey(deps.db, { userId: actor.userId, name: input.name, prefix, secretHash: hash }, limit);
  if (!row) throw new AppError('STATE_CONFLICT', say`You have ${limit} keys already. Revoke one first.`);
  return { ...toView(row), secret };
}

export async function listApiKeys(deps: Deps, actor: Actor): Promise<{ items: ApiKeyView[] }> {
  return { items: (await listRows(deps.db, actor.userId, LIMITS.apiKeysPerUser.max)).map(toView) };
}

/** The key stops working with the next call. */
export async function revokeApiKey(deps: Deps, actor: Actor, input: { id: string }): Promise<ApiKeyView> {
  requirePerson(actor);
  const row = await revokeRow(deps.db, actor.userId, input.id);
  if (!row) throw notFound('api key');
  return toView(row);
}

/** A key that leaked must not be able to make another one that outlives its revocation. */
function requirePerson(actor: Actor): void {
  if (actor.via === 'session') return;
  throw new AppError('FORBIDDEN', say`API keys are managed by a signed-in person, not by another key.`);
}

function toView(row: ApiKeyRow): ApiKeyView {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}
