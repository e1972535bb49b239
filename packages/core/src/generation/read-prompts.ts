import { listPromptRows } from '@pixgen/db';
import type { Actor, Deps } from '../deps.ts';

const PROMPTS = 30;

/** What the caller wrote before, newest first, each prompt once; packs have their own prompts and are left out. */
export async function listPrompts(deps: Deps, actor: Actor, input: { search?: string | undefined }) {
  const rows = await listPromptRows(deps.db, actor.userId, { search: input.search || null, limit: PROMPTS });
  return { items: rows.map(({ lastAt, ...row }) => ({ ...row, lastAt: lastAt.toISOString() })) };
}
