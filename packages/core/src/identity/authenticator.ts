/** From an `Authorization` header to an actor: the only place where one is made. */
import {
  createApiKeyOwnerLookup,
  createSessionOwnerLookup,
  grantAdmin,
  provisionUser,
  type SessionOwner,
  touchSession,
} from '@pixgen/db';
import type { Actor, Deps } from '../deps.ts';
import { hashSecret, isApiKey } from './secrets.ts';
import type { SessionClaims, SessionVerifier } from './session-verifier.ts';
import { SESSION_IDLE_MS } from './start-session.ts';

const NEWCOMER = 'New member';
/** How exactly it is known when a session was last used: one write in five minutes, not one a call. */
const TOUCH_EVERY_MS = 5 * 60_000;

export type Authenticator = {
  /**
   * @param authorization the header as it came
   * @returns null for a missing, wrong, expired or revoked credential: the caller is signed out
   */
  authenticate(authorization: string | undefined): Promise<Actor | null>;
  /** The claims of a valid session token, whether or not its session was revoked. */
  readSession(authorization: string | undefined): Promise<SessionClaims | null>;
};

/**
 * Role and status are read from the database with every call, so a suspension or a revoked session counts at once.
 *
 * @param options.adminSubject in mode `clerk`, the person who is admin
 */
export function createAuthenticator(
  deps: Pick<Deps, 'db' | 'config'>,
  options: { verifier: SessionVerifier; adminSubject: string | null },
): Authenticator {
  const { db, config } = deps;
  const findSessionOwner = createSessionOwnerLookup(db);
  const findApiKeyOwner = createApiKeyOwnerLookup(db);

  async function byApiKey(secret: string): Promise<Actor | null> {
    const owner = await findApiKeyOwner(hashSecret(secret));
    return owner && toActor(owner, 'api-key', null);
  }

  async function bySession(token: string): Promise<Actor | null> {
    const claims = await options.verifier.verify(token);
    if (!claims) return null;
    const owner = (await findSessionOwner(claims)) ?? (await provision(claims));
    if (!owner || !sessionIsLive(owner, config.auth.mode)) return null;
    await noteUse(claims.sessionId, owner.session?.lastSeenAt);
    return toActor(owner, 'session', claims.sessionId);
  }

  async function noteUse(sessionId: string, lastSeenAt: Date | undefined): Promise<void> {
    const due = new Date(Date.now() - TOUCH_EVERY_MS);
    if (config.auth.mode === 'local' && lastSeenAt && lastSeenAt < due) await touchSession(db, sessionId, due);
  }

  /** First call of a person whom the identity provider knows. Accounts of our own issuer exist before their tokens. */
  async function provision(claims: SessionClaims): Promise<SessionOwner | null> {
    if (config.auth.mode === 'local') return null;
    const { subject } = claims;
    const budgetLimitMicroUsd = config.defaultBudgetMicroUsd;
    await provisionUser(db, { subject, role: 'member', displayName: NEWCOMER, budgetLimitMicroUsd });
    if (subject === options.adminSubject) await grantAdmin(db, subject);
    return findSessionOwner(claims);
  }

  return {
    async authenticate(authorization) {
      const credential = bearer(authorization);
      if (credential === null) return null;
      return isApiKey(credential) ? byApiKey(credential) : bySession(credential);
    },
    async readSession(authorization) {
      const credential = bearer(authorization);
      return credential === null || isApiKey(credential) ? null : options.verifier.verify(credential);
    },
  };
}

/** Ours must be on record, alive and not idle for too long; Clerk's must not be on the deny list. */
function sessionIsLive({ userId, session }: SessionOwner, mode: 'local' | 'clerk'): boolean {
  if (session === null) return mode === 'clerk';
  if (session.revokedAt !== null) return false;
  if (mode === 'clerk') return true;
  const endsAtMs = Math.min(session.expiresAt.getTime(), session.lastSeenAt.getTime() + SESSION_IDLE_MS);
  return session.userId === userId && endsAtMs > Date.now();
}

function toActor(
  owner: { userId: string; role: string; status: string },
  via: Actor['via'],
  sessionId: string | null,
): Actor {
  return {
    userId: owner.userId,
    role: owner.role === 'admin' ? 'admin' : 'member',
    status: owner.status === 'active' || owner.status === 'erasing' ? owner.status : 'suspended',
    via,
    sessionId,
  };
}

function bearer(authorization: string | undefined): string | null {
  return authorization?.match(/^Bearer ([^\s]{1,8192})$/i)?.[1] ?? null;
}
