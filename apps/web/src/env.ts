/** The environment of this server, parsed once. Values never appear in errors, only names. */
import { z } from 'zod';

const url = z.url({ protocol: /^https?$/ }).transform((text) => new URL(text));
const schema = z
  .object({
    API_URL: url,
    PUBLIC_URL: url,
    /** Where programs reach the API; without it the reference says that nobody told. */
    API_PUBLIC_URL: url.optional(),
    AUTH_MODE: z.enum(['local', 'clerk']),
    CLERK_PUBLISHABLE_KEY: z.string().regex(/^pk_/).optional(),
    CLERK_SECRET_KEY: z.string().regex(/^sk_/).optional(),
    UPLOAD_ORIGIN: url,
    /** For development and tests: whether `en-XA` may be chosen. */
    PSEUDO_LOCALE: z.enum(['on', 'off']).default('off'),
  })
  .superRefine((env, ctx) => {
    for (const key of ['CLERK_PUBLISHABLE_KEY', 'CLERK_SECRET_KEY'] as const) {
      if (env.AUTH_MODE === 'clerk' && !env[key]) ctx.addIssue({ code: 'custom', path: [key], message: 'is needed' });
    }
  });
export type Env = z.infer<typeof schema>;

/** @throws Error naming every variable that is missing or malformed, never its value */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const names = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.')))];
  throw new Error(`apps/web: missing or malformed environment: ${names.join(', ')}. See apps/web/.env.example.`);
}

let parsed: Env | undefined;
/** Parsed at the first call: `next build` needs no environment, a running server does. */
export function env(): Env {
  parsed ??= parseEnv(process.env);
  return parsed;
}

/** A wrong environment stops the start; Next itself would go on and answer every visit with 500. */
export function stopOnWrongEnv(): void {
  // Next builds this for its edge runtime too, which has no process to stop.
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    try {
      env();
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    }
  }
}
