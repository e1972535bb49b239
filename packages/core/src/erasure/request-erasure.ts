/** Asking for an end that is final: from the answer on nothing can be seen, used or brought back. */
import { createHash, randomBytes } from 'node:crypto';
import {
  type ErasureKind,
  type ErasureRow,
  findErasure,
  hashReceipt,
  requestErasure,
  requestErasureOfMember,
} from '@pixgen/db';
import {
  AppError,
  type EraseAccountInput,
  type EraseUserInput,
  type ErasureStarted,
  type ErasureView,
  erasureReceipt,
  notFound,
  type Sentence,
  say,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { checkPassword } from '../identity/check-password.ts';
import { ERASE_STEPS } from './run-erasure.ts';

/**
 * Ends the caller's account and erases everything of it.
 *
 * @returns with the code that shows progress and receipt, as nobody can sign in for them any more
 * @throws AppError FORBIDDEN for a program; UNAUTHENTICATED when the password is wrong; STATE_CONFLICT when it is under way
 */
export async function eraseAccount(deps: Deps, actor: Actor, input: EraseAccountInput): Promise<ErasureStarted> {
  // A key that leaked must not be able to end an account.
  if (actor.via !== 'session') throw new AppError('FORBIDDEN', say`Only a signed-in person can erase an account.`);
  if (deps.config.auth.mode === 'local') await checkPassword(deps, actor.userId, input.password ?? '');
  const started = await eraseAccountOf(deps, actor.userId, 'owner');
  if (started === null) throw underWay('account');
  return started;
}

/** @returns null when there is no such account, or it is being erased already */
export async function eraseAccountOf(
  deps: Pick<Deps, 'db'>,
  userId: string,
  requestedBy: ErasureRow['requestedBy'],
): Promise<ErasureStarted | null> {
  const started = await start(deps, { kind: 'account', userId, targetId: userId, requestedBy });
  return typeof started === 'string' ? null : started;
}

/**
 * Ends somebody else's account, as their owner could. The caller's admin role is checked by the procedure.
 *
 * @returns with the code of the receipt, for whoever asked for it
 * @throws AppError FORBIDDEN for a program; NOT_FOUND; STATE_CONFLICT for oneself, for administrators and when it is under way
 */
export async function eraseUser(deps: Deps, actor: Actor, input: EraseUserInput): Promise<ErasureStarted> {
  if (actor.via !== 'session') throw new AppError('FORBIDDEN', say`Only a signed-in person can erase an account.`);
  if (input.id === actor.userId)
    throw new AppError('STATE_CONFLICT', say`This is your own account. Erase it in your settings.`);
  const code = newCode();
  const request = { userId: input.id, actorId: actor.userId, codeHash: hashCode(code) };
  const started = await requestErasureOfMember(deps.db, request);
  if (started === 'administrator')
    throw new AppError('STATE_CONFLICT', say`This is an administrator. Make them a member first.`);
  if (started === 'absent') throw notFound('user');
  if (started === 'under-way') throw underWay('account');
  return { id: started.id, kind: 'account', code, requestedAt: started.requestedAt.toISOString() };
}

/**
 * Erases a model with its photos, weights and images; a job at work on it is cancelled.
 *
 * @throws AppError NOT_FOUND; STATE_CONFLICT when it is under way
 */
export async function eraseModel(deps: Deps, actor: Actor, input: { id: string }): Promise<ErasureStarted> {
  return startOwn(deps, actor, 'model', input.id);
}

/**
 * Erases a photo; a training at work on it is cancelled. Weights that were trained from it stay.
 *
 * @throws AppError NOT_FOUND; STATE_CONFLICT when it is under way
 */
export async function erasePhoto(deps: Deps, actor: Actor, input: { id: string }): Promise<ErasureStarted> {
  return startOwn(deps, actor, 'photo', input.id);
}

async function startOwn(deps: Deps, actor: Actor, kind: 'model' | 'photo', targetId: string): Promise<ErasureStarted> {
  const started = await start(deps, { kind, userId: actor.userId, targetId, requestedBy: 'owner' });
  if (started === 'absent') throw notFound(kind);
  if (started === 'under-way') throw underWay(kind);
  return started;
}

async function start(
  deps: Pick<Deps, 'db'>,
  request: { kind: ErasureKind; userId: string; targetId: string; requestedBy: ErasureRow['requestedBy'] },
): Promise<ErasureStarted | 'absent' | 'under-way'> {
  const code = newCode();
  const started = await requestErasure(deps.db, { ...request, codeHash: hashCode(code) });
  if (typeof started === 'string') return started;
  return { id: started.id, kind: request.kind, code, requestedAt: started.requestedAt.toISOString() };
}

const UNDER_WAY: Record<ErasureKind, Sentence> = {
  account: say`This account is being erased already.`,
  model: say`This model is being erased already.`,
  photo: say`This photo is being erased already.`,
  image: say`This image is being erased already.`,
};

function underWay(what: ErasureKind): AppError {
  return new AppError('STATE_CONFLICT', UNDER_WAY[what]);
}

/**
 * How far an erasure is, and in the end its receipt. Whoever has the code may ask: it tells nothing of anybody.
 *
 * @throws AppError NOT_FOUND for a code that opens nothing
 */
export async function getErasure(deps: Pick<Deps, 'db'>, input: { code: string }): Promise<ErasureView> {
  const row = await findErasure(deps.db, hashCode(input.code));
  if (!row) throw notFound('erasure');
  const receipt = row.receipt === null ? null : erasureReceipt.parse(row.receipt);
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    stepsDone: row.stepsDone.length,
    steps: ERASE_STEPS.length,
    requestedAt: row.requestedAt.toISOString(),
    erasedAt: row.erasedAt?.toISOString() ?? null,
    sweptAt: row.sweptAt?.toISOString() ?? null,
    receipt,
    receiptSha256: receipt && hashReceipt(receipt),
  };
}

function newCode(): string {
  return randomBytes(32).toString('base64url');
}

function hashCode(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
