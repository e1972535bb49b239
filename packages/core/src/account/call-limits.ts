/** How many calls a person may make. Counted per call, so that a batch counts as what it carries. */
import { createCallCounter, type Db, findIdempotencyKey } from '@pixgen/db';
import { AppError, type Sentence, say } from '@pixgen/domain';
import { type CallLimit, createCallLimiter } from '@pixgen/queue';
import type { CallLimitsConfig } from '../deps.ts';

const MINUTE_MS = 60_000;

/** `training` and `generation` cost GPU time and count besides `mutation`; `report` counts by address, not by person. */
export type LimitedCall = 'training' | 'generation' | 'mutation' | 'read' | 'report';

export type CallLimits = {
  /**
   * Counts one call, or one that does the work of several.
   *
   * @param who a person's id; for reports what {@link addressKey} makes of an address
   * @throws AppError RATE_LIMITED with the time until the next one is possible; nothing was done and nothing is charged
   */
  count(who: string, call: LimitedCall, points?: number): Promise<void>;
  /** Whether {@link enter} would let this person in. */
  hasRoom(userId: string, what: LimitedAtOnce): boolean;
  /**
   * Takes one of the places that a person has in this process, so that nobody's parallel calls hold up everybody else's.
   *
   * @returns gives the place back
   * @throws AppError RATE_LIMITED when all of them are taken
   */
  enter(userId: string, what: LimitedAtOnce): () => void;
};

/** `picture`: one that has to be drawn; those that are stored already take no place. */
export type LimitedAtOnce = 'call' | 'stream' | 'picture';
/** A place is free again as soon as one answer is out; a stream ends when its tab closes. */
const RETRY_AT_ONCE_MS: Record<LimitedAtOnce, number> = { call: 1_000, stream: 10_000, picture: 1_000 };

export const NO_CALL_LIMITS: CallLimitsConfig = {
  trainingsPerHour: 0,
  generationsPerHour: 0,
  mutationsPer15Min: 0,
  readsPer15Min: 0,
  callsAtOnce: 0,
  streamsAtOnce: 0,
  picturesAtOnce: 0,
  reportsPerHour: 0,
};

type Counted = CallLimit & { what: Sentence };

/** @param config 0: no limit of that kind */
export function createCallLimits(
  db: Pick<Db, 'pool'>,
  redis: Parameters<typeof createCallLimiter>[0],
  config: CallLimitsConfig,
): CallLimits {
  const limits = new Map<LimitedCall, Counted & { limiter: ReturnType<typeof createCallLimiter> }>();
  const add = (call: LimitedCall, what: Sentence, limit: number, windowMs: number, isCostly: boolean): void => {
    if (limit === 0) return;
    const counted = { name: call, limit, windowMs, what };
    // What costs money is never counted less exactly; the rest may be counted per process for the length of an outage.
    const standIn = isCostly ? createCallCounter(db.pool, call, limit, windowMs) : null;
    limits.set(call, { ...counted, limiter: createCallLimiter(redis, counted, standIn) });
  };
  add('training', say`trainings an hour`, config.trainingsPerHour, 60 * MINUTE_MS, true);
  add('generation', say`generations an hour`, config.generationsPerHour, 60 * MINUTE_MS, true);
  // Each is read by a person: never counted less exactly either.
  add('report', say`reports an hour from one address`, config.reportsPerHour, 60 * MINUTE_MS, true);
  add('mutation', say`changes in 15 minutes`, config.mutationsPer15Min, 15 * MINUTE_MS, false);
  add('read', say`requests in 15 minutes`, config.readsPer15Min, 15 * MINUTE_MS, false);
  const places = { call: config.callsAtOnce, stream: config.streamsAtOnce, picture: config.picturesAtOnce };
  const newCount = () => new Map<string, number>();
  const taken = { call: newCount(), stream: newCount(), picture: newCount() };
  const whats: Record<LimitedAtOnce, Sentence> = {
    call: say`requests under way`,
    stream: say`open tabs with live progress`,
    picture: say`pictures that are drawn anew`,
  };
  const isFree = (userId: string, what: LimitedAtOnce): boolean =>
    places[what] === 0 || (taken[what].get(userId) ?? 0) < places[what];
  return {
    hasRoom: isFree,
    enter(userId, what) {
      if (!isFree(userId, what)) {
        throw new AppError(
          'RATE_LIMITED',
          say`At most ${places[what]} ${whats[what]} at once. Nothing was started or charged.`,
          {
            retryAfterMs: RETRY_AT_ONCE_MS[what],
          },
        );
      }
      taken[what].set(userId, (taken[what].get(userId) ?? 0) + 1);
      let isIn = true;
      return () => {
        if (!isIn) return;
        isIn = false;
        const left = (taken[what].get(userId) ?? 1) - 1;
        if (left > 0) taken[what].set(userId, left);
        else taken[what].delete(userId);
      };
    },
    async count(who, call, points = 1) {
      const counted = limits.get(call);
      if (!counted) return;
      const { limiter, limit, what } = counted;
      try {
        // Whoever has used nothing may do anything once.
        await limiter.consume(who, Math.min(points, limit));
      } catch (refusal) {
        if (refusal instanceof Error) throw refusal;
        const { msBeforeNext: retryAfterMs } = refusal as { msBeforeNext: number };
        throw new AppError(
          'RATE_LIMITED',
          say`The limit of ${limit} ${what} is reached. Try again ${inWords(retryAfterMs)}. Nothing was started or charged.`,
          { retryAfterMs },
        );
      }
    },
  };
}

/**
 * True when a call with this idempotency key was accepted before: repeating it asks only for the stored answer, which no
 * limit may hold back.
 */
export async function isRepeated(db: Db, userId: string, procedure: string, key: unknown): Promise<boolean> {
  return typeof key === 'string' && (await findIdempotencyKey(db, { userId, procedure, key })) !== null;
}

function inWords(ms: number): Sentence {
  const minutes = Math.ceil(ms / MINUTE_MS);
  if (minutes > 1) return say`in ${minutes} minutes`;
  return say`in ${Math.max(1, Math.ceil(ms / 1000))} seconds`;
}
