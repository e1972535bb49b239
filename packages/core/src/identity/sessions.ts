/** Where a person is signed in, and the end of it. Sessions of an identity provider are seen and ended there. */
import { endSessions, endSessionsFor, listSessions as listRows, type SessionRow } from '@pixgen/db';
import { AppError, LIMITS, notFound, type SessionList, type SessionView, say } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { SESSION_IDLE_MS } from './start-session.ts';

export async function listSessions(deps: Deps, actor: Actor): Promise<SessionList> {
  if (deps.config.auth.mode !== 'local') return { items: [] };
  const seenAfter = new Date(Date.now() - SESSION_IDLE_MS);
  const rows = await listRows(deps.db, actor.userId, seenAfter, LIMITS.sessionsShown.max);
  return { items: rows.map((row) => toView(row, actor)) };
}

/**
 * Ends one session with its next call.
 *
 * @throws AppError FORBIDDEN for a program; NOT_FOUND for one that is over, absent or another's
 */
export async function endSession(deps: Deps, actor: Actor, input: { id: string }): Promise<{ ended: number }> {
  requirePerson(deps, actor);
  const ended = await endSessions(deps.db, actor.userId, { id: input.id });
  if (ended === 0) throw notFound('session');
  return { ended };
}

/** Ends all sessions but the caller's. @throws AppError FORBIDDEN for a program */
export async function endOtherSessions(deps: Deps, actor: Actor): Promise<{ ended: number }> {
  return { ended: await endSessions(deps.db, actor.userId, { except: requirePerson(deps, actor) }) };
}

/**
 * Ends all sessions of somebody else with their next call: a browser was lost, or somebody is in who should not be. The
 * caller's admin role is checked by the procedure.
 *
 * @throws AppError STATE_CONFLICT for one's own account, whose sessions stand in the settings; NOT_FOUND
 */
export async function endSessionsOf(deps: Deps, actor: Actor, input: { id: string }): Promise<{ ended: number }> {
  if (input.id === actor.userId)
    throw new AppError('STATE_CONFLICT', say`This is your own account. Ask another administrator.`);
  if (deps.config.auth.mode !== 'local') throw notFound('user');
  const ended = await endSessionsFor(deps.db, { userId: input.id, actorId: actor.userId });
  if (ended === null) throw notFound('user');
  return { ended };
}

function requirePerson(deps: Deps, actor: Actor): string {
  if (deps.config.auth.mode !== 'local') throw notFound('session');
  if (actor.sessionId !== null) return actor.sessionId;
  throw new AppError('FORBIDDEN', say`Sessions are ended by a signed-in person, not by a program.`);
}

function toView(row: SessionRow, actor: Actor): SessionView {
  return {
    id: row.id,
    device: row.device,
    isCurrent: row.id === actor.sessionId,
    createdAt: row.createdAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  };
}
