/** The one logger of API and worker: what people entrust to us, and what opens doors, never reaches a line of it. */
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

export type { Logger } from 'pino';

/** What must never reach a log, wherever it stands in a record. Bodies and prompts are not logged at all. */
const SECRET_NAMES = [
  'authorization',
  'cookie',
  'token',
  'password',
  'secret',
  'apiKey',
  'signature',
  'prompt',
  'negativePrompt',
  'email',
];
const MAX_TEXT = 2_000;

type LogOptions = { destination?: DestinationStream; app?: string };

/**
 * @param options.destination standard output when left out
 * @param options.app stands in every line, where several processes write into one log
 */
export function createLogger(level: string, { destination, app }: LogOptions = {}): Logger {
  const options: LoggerOptions = {
    level,
    base: app === undefined ? null : { app },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.headers["${name}"]`]),
      censor: '[redacted]',
    },
    serializers: { err: (error) => describeError(error), cause: (cause) => describeError(cause) },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Name, code, text and stack with its causes: no enumerable extras, among which drivers keep queries and parameters. */
function describeError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { message: hideUrls(String(error)) };
  const { code, issues } = error as { code?: unknown; issues?: { code?: string; path?: PropertyKey[] }[] };
  if (Array.isArray(issues)) {
    // What was refused stands in its sentences, names of fields that a stranger made up among them.
    return { name: error.name, issues: issues.map((issue) => `${issue.code} ${issue.path?.map(String).join('.')}`) };
  }
  // tRPC's own sentence repeats its cause, or the address that a stranger asked for.
  const isWrapper = error.name === 'TRPCError';
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    ...(!isWrapper && { message: hideUrls(error.message), stack: hideUrls(error.stack ?? '') }),
    ...(error.cause !== undefined && depth < 4 && { cause: describeError(error.cause, depth + 1) }),
  };
}

/** Signed URLs carry their signature in the query, connection URLs their password before the host. */
function hideUrls(text: string): string {
  return text
    .slice(0, MAX_TEXT)
    .replace(/(\w+:\/\/)[^@/\s]*@/g, '$1')
    .replace(/(https?:\/\/[^\s?"']+)\?[^\s"']*/g, '$1?…');
}
