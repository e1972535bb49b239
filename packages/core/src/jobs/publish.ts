import type { JobKind, LiveMessage } from '@pixgen/domain';
import type { Deps } from '../deps.ts';

/** A history line as the database returned it. */
export type HistoryLine = {
  jobId: string;
  userId: string;
  kind: string;
  orderId: string;
  number: bigint | string;
  type: string;
  attempt: number;
  imageId?: string | null;
  step?: number | null;
  code?: string | null;
  at: Date;
};

/** A history line as the live stream carries it. */
export function toEventMessage(line: HistoryLine): Extract<LiveMessage, { type: 'event' }> {
  return {
    type: 'event',
    event: {
      number: String(line.number),
      jobId: line.jobId,
      orderId: line.orderId,
      kind: line.kind as JobKind,
      type: line.type as Extract<LiveMessage, { type: 'event' }>['event']['type'],
      attempt: line.attempt,
      at: line.at.toISOString(),
      imageId: line.imageId ?? null,
      step: line.step ?? null,
      code: line.code ?? null,
    },
  };
}

/**
 * Tells open tabs what was committed. Best effort: a tab that misses it resumes from the history, so an outage of Redis
 * is logged and changes nothing.
 */
export async function publishHistory(deps: Pick<Deps, 'live' | 'log'>, lines: HistoryLine[]): Promise<void> {
  if (lines.length === 0) return;
  const inOrder = lines.toSorted((a, b) => (BigInt(a.number) < BigInt(b.number) ? -1 : 1));
  await deps.live
    .publish(inOrder.map((line) => ({ userId: line.userId, message: toEventMessage(line) })))
    .catch((error: Error) => deps.log.warn({ err: error }, 'live events were not published'));
}

/** Tells the relay of committed outbox rows. Best effort: it also looks by itself, so an outage of Redis only delays. */
export async function wakeRelay(deps: Pick<Deps, 'live' | 'log'>): Promise<void> {
  await deps.live
    .wakeRelay()
    .catch((error: Error) => deps.log.warn({ err: error }, 'the relay will find the outbox by itself'));
}
