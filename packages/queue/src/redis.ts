/** Redis connections, each with the retry rules its role needs. */
import { Redis, type RedisOptions } from 'ioredis';

/** Reconnect for ever, at most half a second apart: an outage heals without a restart. */
const retryStrategy = (tries: number): number => Math.min(50 * tries, 500);

const ROLES = {
  /** Inside a request: fail at once when Redis is away instead of hanging. */
  command: { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 2_000 },
  /** BullMQ workers block on Redis and wait for its return. */
  worker: { maxRetriesPerRequest: null },
  /** Pub/sub: resubscribes by itself after a reconnect. */
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: true },
} as const satisfies Record<string, RedisOptions>;

/**
 * @param role decides how commands behave during an outage
 * @param onError told of connection errors; without a listener they would end the process
 */
export function connectRedis(url: string, role: keyof typeof ROLES, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    ...ROLES[role],
    retryStrategy,
    connectTimeout: 2_000,
    keepAlive: 10_000,
    lazyConnect: false,
  });
  redis.on('error', onError);
  return redis;
}
