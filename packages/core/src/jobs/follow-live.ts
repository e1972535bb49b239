import { newestEventNumber, readEventsAfter } from '@pixgen/db';
import type { LiveMessage } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { toEventMessage } from './publish.ts';

/** More missed lines than this, and the client had better fetch everything again. */
const REPLAY_LIMIT = 500;
/** While Redis is away the history is read this often. */
const POLL_MS = 3_000;

/**
 * A person's live stream: what was missed since `lastEventId`, then everything as it happens. While Redis is away the
 * durable lines still come, read from Postgres.
 *
 * @throws AppError RATE_LIMITED with the first message, when the person has too many streams open
 */
export async function* followLive(
  deps: Deps,
  actor: Actor,
  options: { lastEventId: string | null; signal: AbortSignal | undefined },
): AsyncGenerator<LiveMessage, void> {
  const leave = deps.callLimits.enter(actor.userId, 'stream');
  try {
    yield* follow(deps, actor, options);
  } finally {
    leave();
  }
}

async function* follow(
  deps: Deps,
  actor: Actor,
  options: { lastEventId: string | null; signal: AbortSignal | undefined },
): AsyncGenerator<LiveMessage, void> {
  const waiting: LiveMessage[] = [];
  let wake: (() => void) | undefined;
  const onMessage = (message: LiveMessage): void => {
    waiting.push(message);
    wake?.();
  };
  options.signal?.addEventListener('abort', () => wake?.(), { once: true });
  let breaks = deps.live.breaks();
  // Listening starts before the history is read, so nothing falls between the two.
  const stop = await deps.live.follow(actor.userId, onMessage);
  try {
    let seen =
      options.lastEventId === null ? await newestEventNumber(deps.db, actor.userId) : BigInt(options.lastEventId);
    // Its number lets a client that is cut off before the first event resume from here.
    yield { type: 'hello', number: String(seen) };
    let readsDue = options.lastEventId === null ? 0 : 1;
    while (!options.signal?.aborted) {
      if (readsDue > 0) {
        readsDue -= 1;
        const rows = await readEventsAfter(deps.db, actor.userId, seen, REPLAY_LIMIT + 1);
        if (rows.length > REPLAY_LIMIT) {
          seen = await newestEventNumber(deps.db, actor.userId);
          yield { type: 'reset' };
        }
        for (const row of rows.slice(0, REPLAY_LIMIT)) {
          if (row.number > seen) seen = row.number;
          yield toEventMessage(row);
        }
      }
      for (const message of waiting.splice(0)) {
        if (message.type === 'event' && BigInt(message.event.number) > seen) seen = BigInt(message.event.number);
        yield message;
      }
      if (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, POLL_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          if (options.signal?.aborted) wake();
        });
        wake = undefined;
      }
      // What Redis dropped is read from the history; once more after that, as a subscription stands a moment later than its
      // connection. One that broke and came back since the last look is told by the count.
      const broken = deps.live.breaks() !== breaks || !deps.live.connected();
      breaks = deps.live.breaks();
      if (broken) readsDue = 2;
    }
  } finally {
    await stop();
  }
}
