/** Opens every connection a process needs and hands them out as {@link Deps}. */
import { connectDb, createBatcher, createJobStore } from '@pixgen/db';
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
  // What is stored while one task is on its way to the queue shares the next one.
  const enqueue = createBatcher<string[], void>(
    async (batches) => {
      await producer.add([{ task: 'apply-events', id: newId(), payload: { eventIds: batches.flat() } }]);
      return batches.map(() => undefined);
    },
    { maxBatch: 50, maxInFlight: 3 },
  );
  const jobs = createJobStore(db.pool, (eventIds) =>
    // The rows are committed: when Redis is away, the inbox sweep enqueues them after its return.
    enqueue(eventIds).catch((error: Error) => log.warn({ err: error }, 'stored events wait for the inbox sweep')),
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
