import {
  connectDeps,
  createClerkUserDeleter,
  createLocalBackend,
  createLogger,
  createModalBackend,
  type GpuBackend,
  NO_CALL_LIMITS,
  withCircuitBreaker,
} from '@pixgen/core';
import { connectRedis } from '@pixgen/queue';
import { type Env, parseEnv } from './env.ts';
import { createHealthServer } from './health.ts';
import { startWorker } from './worker.ts';

const STOP_DEADLINE_MS = 25_000;

async function createGpu(env: Env): Promise<GpuBackend> {
  if (env.GPU_BACKEND === 'modal') {
    return createModalBackend({
      appName: env.MODAL_APP,
      tokenId: env.MODAL_TOKEN_ID ?? '',
      tokenSecret: env.MODAL_TOKEN_SECRET ?? '',
    });
  }
  return createLocalBackend({ url: env.GPU_SERVER_URL ?? '', secret: env.GPU_SERVER_SECRET });
}

async function main(): Promise<void> {
  const env = parseEnv(process.env);
  const log = createLogger(env.LOG_LEVEL, { app: 'worker' });
  const { deps, close } = connectDeps({
    databaseUrl: env.DATABASE_URL,
    dbPoolSize: env.DB_POOL_SIZE,
    redisUrl: env.REDIS_URL,
    storage: {
      endpoint: env.S3_ENDPOINT,
      publicEndpoint: env.S3_PUBLIC_ENDPOINT,
      region: env.S3_REGION,
      bucket: env.S3_BUCKET,
      accessKeyId: env.S3_ACCESS_KEY_ID,
      secretAccessKey: env.S3_SECRET_ACCESS_KEY,
    },
    config: {
      profile: env.GPU_PROFILE,
      prices: { trainMicroUsd: env.TRAIN_PRICE_MICRO_USD, imageMicroUsd: env.IMAGE_PRICE_MICRO_USD },
      defaultBudgetMicroUsd: null,
      gpuApiUrl: env.GPU_API_URL,
      ticketKey: env.TICKET_KEY,
      // The worker makes tickets and checks none.
      previousTicketKey: null,
      triggerWordSeed: null,
      // Nobody calls the worker.
      callLimits: NO_CALL_LIMITS,
      trainedPhotosDays: env.TRAINED_PHOTOS_DAYS,
      // Only who announces a photo is asked, and that is the API.
      storagePerPersonBytes: 0,
      liveJobsPerPerson: env.LIVE_JOBS_PER_PERSON,
      // The worker judges nobody's prompts.
      strikes: { limit: 0, days: 30 },
      auth: { mode: 'local', registration: 'closed', clerkPublishableKey: null },
    },
    log,
    crashFolder: env.CRASH_POINTS ?? null,
  });
  const onRedisError = (error: Error): void => log.warn({ err: error }, 'redis connection');
  const gpu = withCircuitBreaker(await createGpu(env), log);
  const worker = startWorker(deps, gpu, () => connectRedis(env.REDIS_URL, 'worker', onRedisError), {
    stuckAfterMs: env.QUEUE_STUCK_MS,
    deleteIdentity: env.CLERK_SECRET_KEY ? createClerkUserDeleter({ secretKey: env.CLERK_SECRET_KEY }) : null,
    // Whoever runs this process starts it again; the tasks in its hands are taken over.
    onStuck: () => process.exit(1),
  });
  const health = createHealthServer(deps, worker);
  await health.listen({ host: env.HOST, port: env.PORT });
  log.info({ port: env.PORT, gpu: env.GPU_BACKEND, profile: env.GPU_PROFILE }, 'worker is up');

  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    // A connection that is closed with commands under way rejects them, some with nobody listening: no reason to stop badly.
    process.on('unhandledRejection', (error) => log.warn({ err: error }, 'given up while stopping'));
    log.info({ signal }, 'worker stops');
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS);
    void (async () => {
      await worker.stop();
      await health.close();
      await close();
      log.info({}, 'stopped');
      // Not left to an empty event loop: a connection to Redis that is cut off while it closes connects once more and stays.
      process.exit(0);
    })();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
