/** Accepting a job for a person: one committed transaction, then a reply. */
import { createHash } from 'node:crypto';
import { type AcceptAnswer, type AcceptRequest, findIdempotencyKey } from '@pixgen/db';
import { AppError, newId } from '@pixgen/domain';
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
  /** Throws when the order cannot be accepted now. A repeated call gets its stored answer even then. */
  guard?: () => void;
};

/**
 * @param order `body` is the parsed input: the same key with another body is refused
 * @returns the accepted or replayed job's id
 * @throws AppError IDEMPOTENCY_KEY_REUSED, QUOTA_EXCEEDED or STATE_CONFLICT; nothing was written then
 */
export async function acceptJob(
  deps: Deps,
  order: JobOrder,
): Promise<Extract<AcceptAnswer, { outcome: 'accepted' | 'replayed' }>> {
  const { idempotencyKey, body, guard, ...rest } = order;
  const bodyHash = hashBody(body);
  try {
    guard?.();
  } catch (refusal) {
    const known = await findIdempotencyKey(deps.db, {
      userId: order.userId,
      procedure: order.procedure,
      key: idempotencyKey,
    });
    if (known?.bodyHash === bodyHash) return { outcome: 'replayed', jobId: known.jobId };
    throw refusal;
  }
  const jobId = newId();
  const answer = await deps.jobs.accept({
    ...rest,
    key: idempotencyKey,
    bodyHash,
    jobId,
    outboxId: newId(),
    ledgerId: newId(),
  });
  switch (answer.outcome) {
    case 'accepted':
      tellTabs(deps, order, answer);
      deps.passPoint('api.beforeReply');
      return answer;
    case 'replayed':
      return answer;
    case 'key-reused':
      throw new AppError('IDEMPOTENCY_KEY_REUSED', 'This idempotencyKey was used for another request. Use a new key.', {
        fields: [{ path: 'idempotencyKey', message: 'Already used with another body.' }],
      });
    case 'over-budget':
      throw new AppError('QUOTA_EXCEEDED', 'This would go past your budget. Nothing was started or charged.');
    case 'already-live':
      throw new AppError('STATE_CONFLICT', 'This is already being worked on. Wait for it to end or cancel it first.');
  }
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
