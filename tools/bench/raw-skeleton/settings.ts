/**
 * The raw skeleton: the shortest program by hand that does the measured job, as the yardstick of `pnpm bench jobs`. It
 * imports no product code and has no validation, accounts, quotas, retries, fences, outbox or recovery.
 */

/** Every variable of its three processes. */
export function rawSettings() {
  const read = (name: string): string => {
    const value = process.env[name];
    if (!value) throw new Error(`${name} is not set`);
    return value;
  };
  return {
    databaseUrl: read('DATABASE_URL'),
    redisUrl: read('REDIS_URL'),
    apiPort: Number(read('RAW_API_PORT')),
    gpuPort: Number(read('RAW_GPU_PORT')),
    s3: {
      endpoint: read('S3_ENDPOINT'),
      region: read('S3_REGION'),
      bucket: read('S3_BUCKET'),
      accessKeyId: read('S3_ACCESS_KEY_ID'),
      secretAccessKey: read('S3_SECRET_ACCESS_KEY'),
    },
  };
}

export type RawSettings = ReturnType<typeof rawSettings>;
export const API_KEY = 'raw-skeleton';
export const EVENT_KEY = Buffer.alloc(32, 7);
export const LIVE_CHANNEL = 'raw:live';
export const QUEUE_PREFIX = 'raw';
export const JOB_OPTIONS = { removeOnComplete: 1000, removeOnFail: 1000 };
export const SCHEMA = `CREATE TABLE job (
  id uuid PRIMARY KEY, prompt text NOT NULL, seed bigint NOT NULL, state text NOT NULL, call_id text, image_key text,
  created_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz)`;

export type RawEvent = { type: 'succeeded'; jobId: string; key: string; sizeBytes: number; gpuMs: number };
