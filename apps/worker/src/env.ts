/** The worker's settings, parsed once at start. */
import { secret } from '@pixgen/core';
import { gpuProfile } from '@pixgen/domain';
import { z } from 'zod';

const microUsd = z.coerce.number().int().min(0);

export const envSchema = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DB_POOL_SIZE: z.coerce.number().int().min(2).max(100).default(10),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }),
  S3_ENDPOINT: z.url(),
  S3_PUBLIC_ENDPOINT: z.url().optional(),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_BUCKET: z.string().min(3),
  S3_ACCESS_KEY_ID: z.string().min(3),
  S3_SECRET_ACCESS_KEY: secret(16),
  HOST: z.string().default('127.0.0.1'),
  /** Health endpoints only. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(4001),
  /** The process ends when tasks wait this long and none moves; longer than any task may take. */
  QUEUE_STUCK_MS: z.coerce.number().int().min(1_000).default(120_000),
  GPU_API_URL: z.url(),
  TICKET_KEY: secret(32),
  GPU_PROFILE: gpuProfile,
  GPU_BACKEND: z.enum(['local', 'modal']),
  GPU_SERVER_URL: z.url().optional(),
  GPU_SERVER_SECRET: secret(16).optional(),
  MODAL_TOKEN_ID: z.string().min(1).optional(),
  MODAL_TOKEN_SECRET: z.string().min(1).optional(),
  MODAL_APP: z.string().min(1).default('pixgen-gpu'),
  TRAIN_PRICE_MICRO_USD: microUsd.default(0),
  IMAGE_PRICE_MICRO_USD: microUsd.default(0),
  /** Days after a training's success until its photos are erased; 0: they stay. */
  TRAINED_PHOTOS_DAYS: z.coerce.number().int().min(0).max(3_650).default(30),
  /** Jobs of one person that have not ended; 0: no limit. The same as the API's. */
  LIVE_JOBS_PER_PERSON: z.coerce.number().int().min(0).max(1_000).default(10),
  /** Mode clerk: with it, erasing an account here erases it at Clerk too. */
  CLERK_SECRET_KEY: z
    .string()
    .regex(/^sk_(live|test)_/)
    .optional(),
  /** For tests: a folder whose files order the process to die at named points. */
  CRASH_POINTS: z.string().optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});
export type Env = z.infer<typeof envSchema>;

/** @throws Error naming each bad variable, never its value; an empty one counts as absent */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = envSchema.safeParse(given);
  if (!parsed.success) {
    const complaints = new Map<string, string>();
    for (const { path, message } of parsed.error.issues) {
      const name = path.join('.');
      // Our own sentences follow the name; the library's would show what was given.
      const complaint = /^is /.test(message) ? message : 'is not an allowed value';
      if (!complaints.has(name)) complaints.set(name, Object.hasOwn(given, name) ? complaint : 'is missing');
    }
    const lines = [...complaints].map(([name, complaint]) => `  ${name} ${complaint}`);
    throw new Error(['The worker cannot start with this environment:', ...lines].join('\n'));
  }
  const env = parsed.data;
  const missing = NEEDED_BY_BACKEND[env.GPU_BACKEND].filter((name) => env[name] === undefined);
  if (missing.length > 0)
    throw new Error(`The worker needs ${missing.join(' and ')} with GPU_BACKEND=${env.GPU_BACKEND}.`);
  return env;
}

const NEEDED_BY_BACKEND = { local: ['GPU_SERVER_URL'], modal: ['MODAL_TOKEN_ID', 'MODAL_TOKEN_SECRET'] } as const;
