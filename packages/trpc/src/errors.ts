/** One table from any thrown thing to what a caller may see. */
import { isOutage } from '@pixgen/core';
import { AppError, type FieldFault, type Sentence, say } from '@pixgen/domain';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { inputFault } from './language/input-fault.ts';

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
      say`PixGen is not available right now. Nothing was charged; try again in a moment.`,
      {
        cause: error,
        retryAfterMs: 2_000,
      },
    );
  }
  return new AppError('INTERNAL', say`Something went wrong on our side. Nothing was charged; try again.`, {
    cause: error,
  });
}

function fromTrpc(error: TRPCError): AppError {
  const { cause } = error;
  if (cause instanceof AppError) return cause;
  switch (error.code) {
    case 'BAD_REQUEST':
      if (cause instanceof z.core.$ZodError) return invalidInput(cause);
      return new AppError('INVALID_INPUT', say`The request could not be read.`, { cause: error });
    case 'PARSE_ERROR':
      return new AppError('INVALID_INPUT', say`The body is not JSON.`, { cause: error });
    case 'NOT_FOUND':
      return new AppError('NOT_FOUND', say`There is nothing here.`, { cause: error });
    case 'PAYLOAD_TOO_LARGE':
      return new AppError('BODY_TOO_LARGE', say`The request is too large.`, { cause: error });
    case 'METHOD_NOT_SUPPORTED':
      return new AppError('INVALID_INPUT', say`Use GET for queries and POST for mutations.`, { cause: error });
    case 'UNSUPPORTED_MEDIA_TYPE':
      return new AppError('INVALID_INPUT', say`Send JSON.`, { cause: error });
    default:
      return toAppError(cause ?? new Error(error.message, { cause: error.stack }));
  }
}

function invalidInput(error: z.core.$ZodError): AppError {
  const fields = fieldFaults(error);
  const key = fields.find((field) => field.path === 'idempotencyKey');
  if (key) {
    const message = say`Send an idempotencyKey of 8 to 100 letters, digits or _ . : - (over REST as the header Idempotency-Key: "…", in quotes).`;
    return new AppError('IDEMPOTENCY_KEY_MISSING', message, { fields, cause: error });
  }
  const [first] = fields;
  return new AppError('INVALID_INPUT', first ? nameField(first) : say`The input is not valid.`, {
    fields,
    cause: error,
  });
}

/** One per rule that was broken. */
export function fieldFaults(error: z.core.$ZodError): FieldFault[] {
  return error.issues.map((issue) => ({ path: issue.path.join('.'), message: inputFault(issue) }));
}

/** A refusal of the whole input has no path. */
function nameField({ path, message }: FieldFault): Sentence {
  return path === '' ? message : say`${path}: ${message}`;
}
