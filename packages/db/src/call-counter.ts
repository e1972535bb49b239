/** Counting calls in Postgres, for the time that Redis is away. */
import type pg from 'pg';
import { RateLimiterPostgres } from 'rate-limiter-flexible';

/**
 * A fixed window per key, counted by one upsert: parallel calls cannot pass it together.
 *
 * @param name tells the counts of different limits apart
 * @param limit calls per window
 * @param windowMs rounded down to seconds
 */
export function createCallCounter(pool: pg.Pool, name: string, limit: number, windowMs: number): RateLimiterPostgres {
  return new RateLimiterPostgres({
    storeClient: pool,
    storeType: 'pool',
    tableName: 'CallCount',
    tableCreated: true,
    keyPrefix: name,
    points: limit,
    duration: windowMs / 1000,
  });
}
