/** One table from any thrown thing to what a caller may see. */
import { isOutage } from '@pixgen/core';
import { AppError, type FieldIssue } from '@pixgen/domain';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';

/**
 * @returns the error itself when it is ours, a named-field refusal for bad input, UNAVAILABLE when a store is away, else
 *   INTERNAL; the cause is kept for the log only
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof z.core.$ZodError) return invalidInput(error);
  if (error instanceof TRPCError) return fromTrpc(error);
  if (isOutage(error)) {
    return new AppError(
      'UNAVAILABLE',
      'PixGen is not available right now. Nothing was charged; try again in a moment.',
      {
        cause: error,
        retryAfterMs: 2_000,
      },
    );
  }
  return new AppError('INTERNAL', 'Something went wrong on our side. Nothing was charged; try again.', {
    cause: error,
  });
}

function fromTrpc(error: TRPCError): AppError {
  const { cause } = error;
  if (cause instanceof AppError) return cause;
  switch (error.code) {
    case 'BAD_REQUEST':
      if (cause instanceof z.core.$ZodError) return invalidInput(cause);
      return new AppError('INVALID_INPUT', 'The request could not be read.', { cause: error });
    case 'PARSE_ERROR':
      return new AppError('INVALID_INPUT', 'The body is not JSON.', { cause: error });
    case 'NOT_FOUND':
      return new AppError('NOT_FOUND', 'There is nothing here.', { cause: error });
    case 'PAYLOAD_TOO_LARGE':
      return new AppError('BODY_TOO_LARGE', 'The request is too large.', { cause: error });
    case 'METHOD_NOT_SUPPORTED':
      return new AppError('INVALID_INPUT', 'Use GET for queries and POST for mutations.', { cause: error });
    case 'UNSUPPORTED_MEDIA_TYPE':
      return new AppError('INVALID_INPUT', 'Send JSON.', { cause: error });
    default:
      return toAppError(cause ?? new Error(error.message, { cause: error.stack }));
  }
}

function invalidInput(error: z.core.$ZodError): AppError {
  const fields: FieldIssue[] = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const key = fields.find((field) => field.path === 'idempotencyKey');
  if (key) {
    const message =
      'Send an idempotencyKey of 8 to 100 letters, digits or _ . : - (over REST as the header Idempotency-Key: "…", in quotes).';
    return new AppError('IDEMPOTENCY_KEY_MISSING', message, { fields, cause: error });
  }
  const [first] = fields;
  const message = first ? [first.path, first.message].filter(Boolean).join(': ') : 'The input is not valid.';
  return new AppError('INVALID_INPUT', message, { fields, cause: error });
}
