/** A failure whose message is complete for a person: the cause, then what to do. Command lines print it without a stack. */
export class PlainError extends Error {
  override name = 'PlainError';
}

/** The `code` of a system error (`ENOSPC`, `EADDRINUSE`, …), if it has one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** One line for a person out of anything thrown. Unexpected errors keep their stack, since nobody foresaw them. */
export function describeError(error: unknown): string {
  if (error instanceof PlainError) return error.message;
  // Node's own sentence about an option that does not exist or lacks its value.
  if (errorCode(error)?.startsWith('ERR_PARSE_ARGS_') && error instanceof Error) return error.message;
  if (errorCode(error) === 'ENOSPC') return 'The disk is full. Free some space, then start again; nothing was lost.';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
