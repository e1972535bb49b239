/** What a failed call tells the person. Reads our error shape without trusting it to be there. */
import { ERROR_CODES, type ErrorCode } from '@pixgen/domain';
import { unreachable } from '../language/last-words';

export type Failure = {
  code: string;
  message: string;
  retryable: boolean;
  /** When the same call may be made again, where the answer says so. */
  retryAfterMs: number | null;
  fields: readonly { path: string; message: string }[];
};

function nobodyAnswered(): Failure {
  return { code: 'UNREACHABLE', message: unreachable(), retryable: true, retryAfterMs: null, fields: [] };
}

/** Anything thrown by a call as code, sentence and fields; a network failure reads as UNREACHABLE. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error) || !('data' in error)) return nobodyAnswered();
  const data = error.data;
  const retryAfterMs = waitOf(error);
  if (typeof data !== 'object' || data === null || !('appCode' in data)) return refusedBefore(error, retryAfterMs);
  return {
    code: String(data.appCode),
    message: error.message,
    retryable: 'retryable' in data && data.retryable === true,
    retryAfterMs,
    fields: 'fields' in data && Array.isArray(data.fields) ? data.fields : [],
  };
}

/** Limits per address, an API under pressure and the web server answer before tRPC does: `{ error: { code, message } }`. */
function refusedBefore(error: Error, retryAfterMs: number | null): Failure {
  const body = metaOf(error).responseJSON;
  const told = typeof body === 'object' && body !== null && 'error' in body ? body.error : null;
  if (typeof told !== 'object' || told === null || !('code' in told) || !('message' in told) || !isErrorCode(told.code))
    return { ...nobodyAnswered(), retryAfterMs };
  const { retryable } = ERROR_CODES[told.code];
  return { code: told.code, message: String(told.message), retryable, retryAfterMs, fields: [] };
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}

function waitOf(error: Error): number | null {
  const { response } = metaOf(error);
  const seconds = response instanceof Response ? Number(response.headers.get('retry-after')) : 0;
  return seconds > 0 ? seconds * 1000 : null;
}

/** The client keeps with an error the answer that it was made from. */
function metaOf(error: Error): { response?: unknown; responseJSON?: unknown } {
  return 'meta' in error && typeof error.meta === 'object' && error.meta !== null ? error.meta : {};
}

/** The sentence for one field of a form, if the server refused it. */
export function fieldError(error: unknown, path: string): string | undefined {
  if (!error) return undefined;
  return failureOf(error).fields.find((field) => field.path === path)?.message;
}
