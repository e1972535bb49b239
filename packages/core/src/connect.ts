/** Opens every connection a process needs and hands them out as {@link Deps}. */
import {
  type AcceptRequest,
  connectDb,
  createBatcher,
  createJobStore,
  type JobStore,
  type JobStoreHooks,
  type StoredEvents,
} from '@pixgen/db';
import { newId, type PromptFilter } from '@pixgen/domain';
import { connectRedis, createLiveBus, createProducer } from '@pixgen/queue';
import { createStorage } from '@pixgen/storage';
import { createCallLimits } from './account/call-limits.ts';
import { createPassPoint } from './crash-points.ts';
import type { CoreConfig, Deps, Log } from './deps.ts';

export type ConnectOptions = {
  databaseUrl: string;
  dbPoolSize: number;
  /** The longest wait for a connection to the database; for tests on a busy machine. */
  dbWaitMs?: number;
  redisUrl: string;
  storage: Parameters<typeof createStorage>[0];
  config: CoreConfig;
  log: Log;
  /** A filter of this installation's own, asked after the built-in one. */
  promptFilter?: PromptFilter;
  /** For tests: where files order this process to die; null for everybody else. */
  crashFolder?: string | null;
};

/** @returns the dependencies, and `close` to end every connection in order */
export function connectDeps(options: ConnectOptions): { deps: Deps; close: () => Promise<void> } {
  const { log } = options;
  const passPoint = createPassPoint(options.crashFolder ?? null);
  const db = connectDb({
    url: options.databaseUrl,
    poolSize: options.dbPoolSize,
    waitMs: options.dbWaitMs,
    onError: (error) => log.warn({ err: error }, 'an idle database connection ended'),
  });
  const onRedisError = (error: Error): void => log.warn({ err: error }, 'redis connection');
  const redis = connectRedis(options.redisUrl, 'command', onRedisError);
  const subscriber = connectRedis(options.redisUrl, 'subscriber', onRedisError);
  const producer = createProducer(redis);
  const live = createLiveBus(redis, subscriber);
  // The rows are committed. While one call to the queue is under way, what is committed meanwhile shares the next one; when
  // Redis is away, the relay and the inbox sweep do the same after its return.
  const enqueueEvents = createBatcher<{ events: StoredEvents; ends: boolean; seen: string[] }, void>(
    async (batches) => {
      const eventIds = batches.flatMap(({ events }) => events.eventIds);
      const jobIds = [...new Set(batches.flatMap(({ events }) => events.jobIds))];
      const seen = batches.flatMap((batch) => batch.seen);
      await producer.add([{ task: 'apply-events', id: newId(), payload: { eventIds, jobIds, seen } }]);
      passPoint('hook.afterEnqueue');
      return batches.map(() => undefined);
    },
    // An image and the end of its job, if that follows at once, are applied together.
    { maxBatch: 50, maxInFlight: 3, gather: { forMs: 25, isUrgent: ({ ends }) => ends } },
  );
  const enqueueJobs = createBatcher<AcceptRequest[], void>(
    async (batches) => {
      const accepted = batches.flat();
      await producer.add(
        accepted.map(({ outboxId, jobId }) => ({ task: 'dispatch', id: outboxId, payload: { jobId, attempt: 1 } })),
      );
      for (const { outboxId } of accepted) jobs.handedOver(outboxId);
      return batches.map(() => undefined);
    },
    { maxBatch: 50, maxInFlight: 3 },
  );
  const hooks: JobStoreHooks = {
    onEventsStored: (events, ends, seen) =>
      void seen
        .then((keys) => enqueueEvents({ events, ends, seen: keys }))
        .catch((error: Error) => log.warn({ err: error }, 'stored events wait for the inbox sweep')),
    onAccepted: (accepted) => {
      passPoint('api.afterTx');
      void enqueueJobs(accepted).catch((error: Error) => log.warn({ err: error }, 'accepted jobs wait for the relay'));
    },
    onCallsRecorded: () => passPoint('dispatch.afterSaveId'),
    onSkipped: (error, what) => log.warn({ err: error }, what),
  };
  const { config, promptFilter = null } = options;
  const jobs: JobStore = createJobStore(db.pool, hooks, config.liveJobsPerPerson);
  const storage = createStorage(options.storage);
  const callLimits = createCallLimits(db, redis, config.callLimits);
  const deps: Deps = { db, jobs, producer, live, storage, callLimits, config, log, promptFilter, passPoint };
  return {
    deps,
    async close() {
      await jobs.flush();
      await producer.close();
      redis.disconnect();
      subscriber.disconnect();
      storage.close();
      await db.close();
    },
  };
}
