/** Everything that routes are given, made once from the environment. */
import {
  type Authenticator,
  type CoreConfig,
  connectDeps,
  createAuthenticator,
  createSessionIssuer,
  createSessionVerifier,
  type Deps,
  keepHearing,
  LOCAL_ISSUER,
  type Logger,
  publicPemOf,
  type SessionIssuer,
} from '@pixgen/core';
import { grantAdmin } from '@pixgen/db';
import type { Env } from './env.ts';

export type Services = {
  env: Env;
  log: Logger;
  deps: Deps;
  authenticator: Authenticator;
  /** Null in mode `clerk`: nobody signs in here. */
  issuer: SessionIssuer | null;
  close(): Promise<void>;
};

export async function createServices(env: Env, log: Logger): Promise<Services> {
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
    config: toConfig(env),
    log,
    crashFolder: env.CRASH_POINTS ?? null,
  });
  const [authorizedParty] = env.WEB_ORIGIN;
  const issuer =
    env.AUTH_MODE === 'local' ? createSessionIssuer({ privateKey: env.SESSION_PRIVATE_KEY, authorizedParty }) : null;
  const verifier = createSessionVerifier({
    ...(env.AUTH_MODE === 'clerk'
      ? { publicKeyPems: withPrevious(env.CLERK_JWT_KEY, env.CLERK_JWT_KEY_PREVIOUS), issuer: env.CLERK_ISSUER }
      : {
          publicKeyPems: withPrevious(env.SESSION_PRIVATE_KEY, env.SESSION_PRIVATE_KEY_PREVIOUS).map(publicPemOf),
          issuer: LOCAL_ISSUER,
        }),
    authorizedParties: env.WEB_ORIGIN,
  });
  const adminSubject = env.AUTH_MODE === 'clerk' ? (env.ADMIN_USER_ID ?? null) : null;
  // An account that exists already; a database that is away makes it admin with the next start or the first call.
  if (adminSubject)
    await grantAdmin(deps.db, adminSubject).catch((err: Error) => log.warn({ err }, 'admin not checked'));
  const stopHearing = keepHearing(deps);
  return {
    env,
    log,
    deps,
    authenticator: createAuthenticator(deps, { verifier, adminSubject }),
    issuer,
    close() {
      stopHearing();
      return close();
    },
  };
}

function withPrevious<T>(current: T, previous: T | undefined): T[] {
  return previous === undefined ? [current] : [current, previous];
}

function toConfig(env: Env): CoreConfig {
  return {
    profile: env.GPU_PROFILE,
    prices: { trainMicroUsd: env.TRAIN_PRICE_MICRO_USD, imageMicroUsd: env.IMAGE_PRICE_MICRO_USD },
    defaultBudgetMicroUsd: env.DEFAULT_BUDGET_MICRO_USD,
    gpuApiUrl: env.GPU_API_URL,
    ticketKey: env.TICKET_KEY,
    previousTicketKey: env.TICKET_KEY_PREVIOUS ?? null,
    triggerWordSeed: env.TRIGGER_WORD_SEED ?? null,
    callLimits: {
      trainingsPerHour: env.TRAININGS_PER_HOUR,
      generationsPerHour: env.GENERATIONS_PER_HOUR,
      mutationsPer15Min: env.MUTATIONS_PER_15_MIN,
      readsPer15Min: env.READS_PER_15_MIN,
      callsAtOnce: env.CALLS_AT_ONCE_PER_PERSON,
      streamsAtOnce: env.STREAMS_PER_PERSON,
      picturesAtOnce: env.PICTURES_AT_ONCE_PER_PERSON,
      reportsPerHour: env.REPORTS_PER_HOUR_PER_ADDRESS,
    },
    trainedPhotosDays: env.TRAINED_PHOTOS_DAYS,
    storagePerPersonBytes: env.STORAGE_PER_PERSON_GB * 1e9,
    liveJobsPerPerson: env.LIVE_JOBS_PER_PERSON,
    strikes: { limit: env.STRIKES_TO_SUSPEND, days: env.STRIKE_DAYS },
    auth: {
      mode: env.AUTH_MODE,
      registration: env.REGISTRATION,
      clerkPublishableKey: env.AUTH_MODE === 'clerk' ? env.CLERK_PUBLISHABLE_KEY : null,
    },
  };
}
