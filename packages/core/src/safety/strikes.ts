/** Strikes of people: how they come, what they lead to, and who may see and lift them. */
import {
  type AdminStrikeRow,
  inTransaction,
  liftStrike as liftRow,
  listStrikeRows,
  noteStrike,
  readStanding,
} from '@pixgen/db';
import {
  type AdminStrikeView,
  describeStrike,
  notFound,
  type Page,
  type Sentence,
  STRIKE_PAUSE_MS,
  type StandingView,
  type StrikeReason,
  say,
  strikeReason,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { toPage } from '../page.ts';

/** @returns what it means, for the person; null where strikes suspend nobody */
export async function strike(
  deps: Pick<Deps, 'db' | 'config' | 'log'>,
  userId: string,
  reason: StrikeReason,
): Promise<Sentence | null> {
  const { strikes: rule } = deps.config;
  if (rule.limit === 0) return null;
  const noted = await inTransaction(deps.db.pool, (client) =>
    noteStrike(client, { userId, reason, pauseMs: STRIKE_PAUSE_MS, rule }),
  );
  if (!noted) return null;
  if (noted.suspended) deps.log.warn({ reason, strikes: noted.counted }, 'an account was suspended for its strikes');
  return describeStrike(reason, { ...noted, ...rule });
}

/** The caller's own strikes. */
export async function getStanding(deps: Deps, actor: Actor): Promise<StandingView> {
  const { limit, days } = deps.config.strikes;
  const { strikes, counted } = await readStanding(deps.db, actor.userId, days);
  return { strikes: strikes.map(toView), counted, limit, days };
}

/** Why somebody who is suspended gets nothing else. Asked only for them. */
export async function describeSuspension(deps: Pick<Deps, 'db' | 'config'>, actor: Actor): Promise<Sentence> {
  const { counted } = await readStanding(deps.db, actor.userId, deps.config.strikes.days);
  const { days } = deps.config.strikes;
  if (counted === 0) return say`This account is suspended. Ask the operator of this site.`;
  const strikes = counted === 1 ? say`one strike` : say`${counted} strikes`;
  return say`This account is suspended. It has ${strikes} of the last ${days} days. Ask the operator of this site.`;
}

/** Of everybody or of one person, newest first. The caller's admin role is checked by the procedure. */
export async function listStrikes(
  deps: Deps,
  input: { cursor?: string | undefined; limit: number; userId?: string | undefined },
): Promise<Page<AdminStrikeView>> {
  const page = { before: input.cursor ?? null, limit: input.limit + 1, userId: input.userId ?? null };
  return toPage(await listStrikeRows(deps.db, page), input.limit, toAdminView);
}

/** It counts no more from here on. A suspended person stays suspended until an administrator lets them in again. @throws AppError NOT_FOUND */
export async function liftStrike(deps: Deps, actor: Actor, input: { id: string }): Promise<AdminStrikeView> {
  const row = await liftRow(deps.db, { id: input.id, actorId: actor.userId });
  if (!row) throw notFound('strike');
  return toAdminView(row);
}

function toView(row: { id: string; reason: string; at: Date; liftedAt: Date | null }) {
  const { id, reason, at, liftedAt } = row;
  return { id, reason: strikeReason.parse(reason), at: at.toISOString(), liftedAt: liftedAt?.toISOString() ?? null };
}

function toAdminView(row: AdminStrikeRow): AdminStrikeView {
  const { id, displayName, status } = row.user;
  return { ...toView(row), person: { id, displayName, status: status as AdminStrikeView['person']['status'] } };
}
