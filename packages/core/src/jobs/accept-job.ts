/** Accepting a job for a person: one committed transaction, then a reply. */
import { createHash } from 'node:crypto';
import { type AcceptAnswer, type AcceptRequest, findIdempotencyKey } from '@pixgen/db';
import { AppError, newId, notFound, say } from '@pixgen/domain';
import type { Deps } from '../deps.ts';
import { publishHistory } from './publish.ts';

export type JobOrder = Pick<
  AcceptRequest,
  | 'userId'
  | 'procedure'
  | 'kind'
  | 'orderId'
  | 'modelId'
  | 'retryOf'
  | 'holdMicroUsd'
  | 'deadlineMs'
  | 'generation'
  | 'training'
> & {
  idempotencyKey: string;
  body: object;
};

export const RETRIED_SINCE = say`This job was retried since.`;

/** A call of a person that must take effect once. */
export type KeyedCall = { userId: string; procedure: string; idempotencyKey: string; body: object };

const replaysUnderWay = new Map<string, Promise<unknown>>();

/** Concurrent repetitions of one call share the reading of their answer: it is the same for all of them. */
export function sharedReplay<Answer>(
  userId: string,
  read: (jobId: string) => Promise<Answer>,
): (jobId: string) => Promise<Answer> {
  return (jobId) => {
    const name = `${userId} ${jobId}`;
    const known = replaysUnderWay.get(name) as Promise<Answer> | undefined;
    if (known) return known;
    const reading = read(jobId).finally(() => replaysUnderWay.delete(name));
    replaysUnderWay.set(name, reading);
    return reading;
  };
}

/**
 * Runs a call that {@link acceptJob} ends. When it is refused, perhaps because the world has changed since, a repetition
 * of an accepted call still gets its stored answer.
 *
 * @param replay rebuilds the answer of an accepted job from what it stored
 * @throws AppError IDEMPOTENCY_KEY_REUSED when the key stands for another body, else the refusal itself
 */
export async function orStoredAnswer<Answer>(
  deps: Deps,
  call: KeyedCall,
  replay: (jobId: string) => Promise<Answer>,
  run: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await run();
  } catch (refusal) {
    if (!(refusal instanceof AppError) || refusal.status >= 500) throw refusal;
    const { userId, procedure, idempotencyKey: key } = call;
    const known = await findIdempotencyKey(deps.db, { userId, procedure, key });
    if (!known) throw refusal;
    if (known.bodyHash !== hashBody(call.body)) throw keyReused();
    return replay(known.jobId);
  }
}

/**
 * @param order `body` is the parsed input: the same key with another body is refused
 * @returns the accepted or replayed job's id
 * @throws AppError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_PROGRESS, QUOTA_EXCEEDED, RATE_LIMITED (live jobs) or STATE_CONFLICT; nothing was
 *   written then
 */
export async function acceptJob(
  deps: Deps,
  order: JobOrder,
): Promise<Extract<AcceptAnswer, { outcome: 'accepted' | 'replayed' }>> {
  const { idempotencyKey, body, ...rest } = order;
  const answer = await deps.jobs.accept({
    ...rest,
    key: idempotencyKey,
    bodyHash: hashBody(body),
    jobId: newId(),
    outboxId: newId(),
    ledgerId: newId(),
  });
  switch (answer.outcome) {
    case 'accepted':
      if (order.retryOf !== null) void takeOffBoard(deps, order.retryOf);
      tellTabs(deps, order, answer);
      deps.passPoint('api.beforeReply');
      return answer;
    case 'replayed':
      return answer;
    case 'key-reused':
      throw keyReused();
    case 'in-progress':
      throw new AppError(
        'IDEMPOTENCY_IN_PROGRESS',
        say`The first call with this idempotency key is still under way. Repeat this call in a moment.`,
        { retryAfterMs: 1_000 },
      );
    case 'over-budget':
      throw new AppError('QUOTA_EXCEEDED', say`This would go past your budget. Nothing was started or charged.`);
    case 'gone':
      throw notFound('model');
    case 'no-place': {
      const { liveJobsPerPerson: most } = deps.config;
      throw new AppError(
        'RATE_LIMITED',
        say`At most ${most} jobs of one person at once, and ${most} of yours have not ended. Wait for one or cancel one. Nothing was started or charged.`,
        { retryAfterMs: 10_000 },
      );
    }
    case 'already-live':
      throw new AppError(
        'STATE_CONFLICT',
        say`This is already being worked on. Wait for it to end or cancel it first.`,
      );
  }
}

/** Best effort: Postgres knows that it was retried, and the sweep takes old ones off. */
async function takeOffBoard(deps: Deps, jobId: string): Promise<void> {
  await deps.producer
    .removeDeadLetters([jobId])
    .catch((error: Error) => deps.log.warn({ err: error, jobId }, 'a retried job stays on the board for now'));
}

function keyReused(): AppError {
  return new AppError(
    'IDEMPOTENCY_KEY_REUSED',
    say`This idempotency key was used for another request. Use a new key.`,
    {
      fields: [{ path: 'idempotencyKey', message: say`Already used with another body.` }],
    },
  );
}

/** Tells open tabs; the row is committed, so a failure here only delays. */
function tellTabs(deps: Deps, order: JobOrder, answer: Extract<AcceptAnswer, { outcome: 'accepted' }>): void {
  void publishHistory(deps, [
    {
      jobId: answer.jobId,
      userId: order.userId,
      kind: order.kind,
      orderId: order.orderId,
      number: answer.eventNumber,
      type: 'queued',
      attempt: 1,
      at: answer.at,
    },
  ]);
}

/** Hex SHA-256 of the input with sorted keys, without the idempotency key. */
export function hashBody(body: object): string {
  const canonical = JSON.stringify(body, (key, value: unknown) => {
    if (key === 'idempotencyKey') return undefined;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256').update(canonical).digest('hex');
}
