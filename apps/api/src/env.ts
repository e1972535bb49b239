/** The environment, parsed once. A missing, weak or example value stops the start, named, and never shown. */
import { createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import { parseSessionKey, secret } from '@pixgen/core';
import { gpuProfile, hostnameOf } from '@pixgen/domain';
import { z } from 'zod';

const text = z.string().min(1, 'is missing');
const microUsd = z.coerce.number().int().min(0);
const callLimit = (fallback: number) => z.coerce.number().int().min(0).max(1_000_000).default(fallback);
const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');

/** A value that a parser of its own understands; its message never holds the value. */
function parsed<T>(parse: (value: string) => T) {
  return text.transform((value, context) => {
    try {
      return parse(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'cannot be read' });
      return z.NEVER;
    }
  });
}

/** `https://host[:port]`, comma-separated; no path, no wildcard. */
function parseOrigins(value: string): readonly [string, ...string[]] {
  const [first, ...rest] = value.split(',').map((one) => {
    const origin = one.trim();
    if (!/^https?:\/\//.test(origin) || !URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new Error('must list exact origins such as https://studio.example, without a path or a wildcard');
    }
    return origin;
  });
  if (first === undefined) throw new Error('is missing');
  return [first, ...rest];
}

/** Addresses, ranges (`10.0.0.0/8`) and the names that Fastify knows; never everybody. */
function splitProxies(value: string, context: z.RefinementCtx): string[] {
  const proxies = value.split(',').flatMap((one) => one.trim() || []);
  const isOne = (proxy: string): boolean => {
    if (['loopback', 'linklocal', 'uniquelocal'].includes(proxy)) return true;
    const [address = '', prefix] = proxy.split('/');
    const bits = { 4: 32, 6: 128 }[isIP(address)] ?? 0;
    return (
      bits > 0 && (prefix === undefined || (/^\d+$/.test(prefix) && Number(prefix) >= 8 && Number(prefix) <= bits))
    );
  };
  if (!proxies.every(isOne)) {
    context.addIssue({ code: 'custom', message: 'must list addresses or ranges of at least 8 bits, not everybody' });
  }
  return proxies;
}

/** Names alone: the API is asked by them on whatever port. */
function splitHosts(value: string, context: z.RefinementCtx): string[] {
  const hosts = value.split(',').flatMap((one) => one.trim() || []);
  if (!hosts.every((host) => /^[a-z0-9.-]+$/i.test(host) && hostnameOf(host) !== null))
    context.addIssue({
      code: 'custom',
      message: 'must list names such as api.studio.example, without a port or a wildcard',
    });
  return hosts;
}

/** Environment variables carry a PEM on one line. */
function parsePublicKey(value: string): string {
  try {
    return createPublicKey(value.replaceAll('\\n', '\n')).export({ type: 'spki', format: 'pem' }).toString();
  } catch {
    throw new Error('is not a public key in PEM');
  }
}

const url = (protocol: RegExp) =>
  text.refine((value) => URL.canParse(value) && protocol.test(value), 'is not such a URL');
const http = url(/^https?:\/\//);

const shared = z.object({
  DATABASE_URL: url(/^postgres(ql)?:\/\//),
  DB_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(10),
  REDIS_URL: url(/^rediss?:\/\//),
  S3_ENDPOINT: http,
  S3_PUBLIC_ENDPOINT: http.optional(),
  S3_REGION: text.default('us-east-1'),
  S3_BUCKET: text,
  S3_ACCESS_KEY_ID: text,
  S3_SECRET_ACCESS_KEY: secret(16),
  HOST: text.default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  WEB_ORIGIN: parsed(parseOrigins),
  /** Names of this API beside those in GPU_API_URL and WEB_ORIGIN. */
  API_HOSTS: z.string().default('').transform(splitHosts),
  /** Addresses whose `x-forwarded-for` is believed: those of the web app. */
  TRUSTED_PROXIES: z.string().default('').transform(splitProxies),
  GPU_API_URL: http,
  GPU_PROFILE: gpuProfile,
  TICKET_KEY: secret(32),
  /** The key before this one, accepted until the last job that was dispatched with it has ended. */
  TICKET_KEY_PREVIOUS: secret(32).optional(),
  /** For demos that must draw the same pictures twice; leave it out everywhere else. */
  TRIGGER_WORD_SEED: text.optional(),
  TRAIN_PRICE_MICRO_USD: microUsd.default(0),
  IMAGE_PRICE_MICRO_USD: microUsd.default(0),
  DEFAULT_BUDGET_MICRO_USD: microUsd.nullable().default(null),
  REGISTRATION: z.enum(['closed', 'invite', 'open']).default('invite'),
  /** Calls to sign-in and its like per address and minute. */
  AUTH_CALLS_PER_MINUTE: z.coerce.number().int().min(1).default(30),
  /** Calls of any kind from one address, whoever makes them; 0: no limit. */
  CALLS_PER_MINUTE_PER_ADDRESS: callLimit(3_000),
  /** Refused calls to the routes of GPUs and of Clerk from one address, then it is not read any more; 0: no limit. */
  FORGERIES_PER_MINUTE_PER_ADDRESS: callLimit(60),
  /** Calls of one person; each procedure of a batch counts; 0: no limit. */
  TRAININGS_PER_HOUR: callLimit(5),
  GENERATIONS_PER_HOUR: callLimit(30),
  MUTATIONS_PER_15_MIN: callLimit(100),
  READS_PER_15_MIN: callLimit(3_000),
  /** Of one person at the same time, per process; 0: no limit. */
  CALLS_AT_ONCE_PER_PERSON: callLimit(50),
  STREAMS_PER_PERSON: callLimit(20),
  /** Pictures in a size that is not stored yet; a screen full of them is no more than this. */
  PICTURES_AT_ONCE_PER_PERSON: callLimit(48),
  /** Jobs of one person that have not ended, over all processes; 0: no limit. The worker's must be the same. */
  LIVE_JOBS_PER_PERSON: z.coerce.number().int().min(0).max(1_000).default(10),
  /** Reports of pictures from one address; 0: no limit. */
  REPORTS_PER_HOUR_PER_ADDRESS: callLimit(10),
  /** So many strikes within so many days suspend an account; 0: none do. */
  STRIKES_TO_SUSPEND: z.coerce.number().int().min(0).max(1_000).default(3),
  STRIKE_DAYS: z.coerce.number().int().min(1).max(3_650).default(30),
  /** Shown to people as a date; the worker does it. */
  TRAINED_PHOTOS_DAYS: z.coerce.number().int().min(0).max(3_650).default(30),
  /** Requests are turned away while the process comes this late to what it has to do; 0: never. */
  SHED_AT_DELAY_MS: z.coerce.number().int().min(0).max(60_000).default(1_000),
  /** Photos, weights and images of one person together; 0: no limit. */
  STORAGE_PER_PERSON_GB: z.coerce.number().min(0).max(1_000_000).default(50),
  QUEUE_BOARD: onOff.default(false),
  /** For tests: a folder whose files order the process to die at named points. */
  CRASH_POINTS: z.string().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

const local = shared.extend({
  AUTH_MODE: z.literal('local'),
  SESSION_PRIVATE_KEY: parsed(parseSessionKey),
  /** The key before this one: what it signed still opens, nothing new is signed with it. */
  SESSION_PRIVATE_KEY_PREVIOUS: parsed(parseSessionKey).optional(),
});
const clerk = shared.extend({
  AUTH_MODE: z.literal('clerk'),
  CLERK_JWT_KEY: parsed(parsePublicKey),
  CLERK_JWT_KEY_PREVIOUS: parsed(parsePublicKey).optional(),
  CLERK_ISSUER: url(/^https:\/\//),
  CLERK_PUBLISHABLE_KEY: text.regex(/^pk_(live|test)_/, 'does not begin with pk_live_ or pk_test_'),
  CLERK_WEBHOOK_SECRET: text.regex(/^whsec_[A-Za-z0-9+/=]{24,}$/, 'is not a webhook secret (whsec_…)'),
  ADMIN_USER_ID: text.regex(/^user_/, 'is not a user id of Clerk (user_…)').optional(),
});

/** A previous key that is the current one would look like a rotation and be none. */
const twoKeys = (env: { TICKET_KEY: string; TICKET_KEY_PREVIOUS?: string | undefined }): boolean =>
  env.TICKET_KEY !== env.TICKET_KEY_PREVIOUS;
const sameAs = (name: string) => ({ path: [`${name}_PREVIOUS`], message: `is the same as ${name}` });

export const envSchema = z.discriminatedUnion('AUTH_MODE', [
  local
    .refine(twoKeys, sameAs('TICKET_KEY'))
    .refine((env) => !env.SESSION_PRIVATE_KEY_PREVIOUS?.equals(env.SESSION_PRIVATE_KEY), sameAs('SESSION_PRIVATE_KEY')),
  clerk
    .refine(twoKeys, sameAs('TICKET_KEY'))
    .refine((env) => env.CLERK_JWT_KEY !== env.CLERK_JWT_KEY_PREVIOUS, sameAs('CLERK_JWT_KEY')),
]);
export type Env = z.infer<typeof envSchema>;

export class BadEnvironment extends Error {}

/**
 * @param variables an empty one counts as absent, as compose files and shells write them
 * @throws {BadEnvironment} naming every bad variable, without any value
 */
export function readEnv(variables: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = envSchema.safeParse(given);
  if (result.success) return result.data;
  const complaints = new Map<string, string>();
  for (const issue of result.error.issues) {
    const name = issue.path.join('.');
    if (!complaints.has(name)) complaints.set(name, Object.hasOwn(given, name) ? complaintOf(issue) : 'is missing');
  }
  const lines = [...complaints].map(([name, complaint]) => `  ${name} ${complaint}`);
  throw new BadEnvironment(['The API cannot start with this environment:', ...lines].join('\n'));
}

/** Our own sentences follow the name; the library's would show what was given. */
function complaintOf(issue: z.core.$ZodIssue): string {
  return /^(is|has|does|must|cannot) /.test(issue.message) ? issue.message : 'is not an allowed value';
}
