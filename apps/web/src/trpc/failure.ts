/** What a failed call tells the person. Reads our error shape without trusting it to be there. */
import { unreachable } from '../language/last-words';

export type Failure = {
  code: string;
  message: string;
  retryable: boolean;
  fields: readonly { path: string; message: string }[];
};

function nobodyAnswered(): Failure {
  return { code: 'UNREACHABLE', message: unreachable(), retryable: true, fields: [] };
}

/** Anything thrown by a call as code, sentence and fields; a network failure reads as UNREACHABLE. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error) || !('data' in error)) return nobodyAnswered();
  const data = error.data;
  if (typeof data !== 'object' || data === null || !('appCode' in data)) return nobodyAnswered();
  return {
    code: String(data.appCode),
    message: error.message,
    retryable: 'retryable' in data && data.retryable === true,
    fields: 'fields' in data && Array.isArray(data.fields) ? data.fields : [],
  };
}

/** The sentence for one field of a form, if the server refused it. */
export function fieldError(error: unknown, path: string): string | undefined {
  if (!error) return undefined;
  return failureOf(error).fields.find((field) => field.path === path)?.message;
}
