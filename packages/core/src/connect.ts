/** Opens every connection a process needs and hands them out as {@link Deps}. */
import { connectDb, createJobStore } from '@pixgen/db';
import { newId } from '@pixgen/domain';
import { connectRedis, createLiveBus, createProducer } from '@pixgen/queue';
import { createStorage } from '@pixgen/storage';
import type { CoreConfig, Deps, Log } from './deps.ts';

export type ConnectOptions = {
  databaseUrl: string;
  dbPoolSize: number;
  redisUrl: string;
  storage: Parameters<typeof createStorage>[0];
  config: CoreConfig;
  log: Log;
};

/** @returns the dependencies, and `close` to end every connection in order */
export function connectDeps(options: ConnectOptions): { deps: Deps; close: () => Promise<void> } {
  const { log } = options;
  const db = connectDb({
    url: options.databaseUrl,
    poolSize: options.dbPoolSize,
    onError: (error) => log.warn({ err: error }, 'an idle database connection ended'),
  });
  const onRedisError = (error: Error): void => log.warn({ err: error }, 'redis connection');
  const redis = connectRedis(options.redisUrl, 'command', onRedisError);
  const subscriber = connectRedis(options.redisUrl, 'subscriber', onRedisError);
  const producer = createProducer(redis);
  const live = createLiveBus(redis, subscriber);
  const jobs = createJobStore(db.pool, (eventIds) =>
    // The rows are committed: when Redis is away, the inbox sweep enqueues them after its return.
    producer
      .add([{ task: 'apply-events', id: newId(), payload: { eventIds } }])
      .catch((error: Error) => log.warn({ err: error }, 'stored events wait for the inbox sweep')),
  );
  const storage = createStorage(options.storage);
  const deps: Deps = { db, jobs, producer, live, storage, config: options.config, log };
  return {
    deps,
    async close() {
      await producer.close();
      redis.disconnect();
      subscriber.disconnect();
      storage.close();
      await db.close();
    },
  };
}
