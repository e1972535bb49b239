/** One table from any thrown thing to what a caller may see. */
import { AppError, type FieldIssue } from '@pixgen/domain';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';

/**
 * @returns the error itself when it is ours, a named-field refusal for bad input, else INTERNAL with the cause kept for
 *   the log only
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof z.core.$ZodError) return invalidInput(error);
  if (error instanceof TRPCError) {
    if (error.cause instanceof AppError) return error.cause;
    if (error.code === 'BAD_REQUEST' && error.cause instanceof z.core.$ZodError) return invalidInput(error.cause);
    if (error.code === 'BAD_REQUEST') return new AppError('INVALID_INPUT', 'The request could not be read.', { cause: error });
    if (error.code === 'NOT_FOUND') return new AppError('NOT_FOUND', 'There is no such procedure.', { cause: error });
    if (error.code === 'PAYLOAD_TOO_LARGE') return new AppError('BODY_TOO_LARGE', 'The request is too large.', { cause: error });
    if (error.code === 'METHOD_NOT_SUPPORTED') return new AppError('INVALID_INPUT', 'Use GET for queries and POST for mutations.', { cause: error });
    if (error.cause !== undefined && error.cause !== error) return toAppError(error.cause);
  }
  return new AppError('INTERNAL', 'Something went wrong on our side. Nothing was charged; try again.', { cause: error });
}

function invalidInput(error: z.core.$ZodError): AppError {
  const fields: FieldIssue[] = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const key = fields.find((field) => field.path === 'idempotencyKey');
  if (key) return new AppError('IDEMPOTENCY_KEY_MISSING', 'Send an idempotencyKey: 8 to 100 letters, digits or _ . : -', { fields, cause: error });
  const first = fields[0];
  const message = first ? (first.path ? `${first.path}: ${first.message}` : first.message) : 'The input is not valid.';
  return new AppError('INVALID_INPUT', message, { fields, cause: error });
}
