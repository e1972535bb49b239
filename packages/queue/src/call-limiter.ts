/** Counting calls in Redis, one script per call. */
import type { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';

/** @param name tells the counts of different limits apart */
export type CallLimit = { name: string; limit: number; windowMs: number };

/**
 * A fixed window per key. While Redis is away `standIn` counts, from nothing.
 *
 * @param standIn null: each process counts for itself
 */
export function createCallLimiter(
  redis: Redis,
  { name, limit, windowMs }: CallLimit,
  standIn: RateLimiterAbstract | null,
): RateLimiterRedis {
  const window = { keyPrefix: `limit:${name}`, points: limit, duration: windowMs / 1000 };
  return new RateLimiterRedis({
    ...window,
    storeClient: redis,
    rejectIfRedisNotReady: true,
    insuranceLimiter: standIn ?? new RateLimiterMemory(window),
  });
}
