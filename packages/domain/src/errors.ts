/**
 * Every error a caller may see. The table maps a public code to its HTTP status and says whether repeating the same
 * call may help. Nothing else about an error ever leaves the process.
 */
export const ERROR_CODES = {
  INVALID_INPUT: { status: 400, retryable: false },
  IDEMPOTENCY_KEY_MISSING: { status: 400, retryable: false },
  IDEMPOTENCY_KEY_REUSED: { status: 422, retryable: false },
  IDEMPOTENCY_IN_PROGRESS: { status: 409, retryable: true },
  UNAUTHENTICATED: { status: 401, retryable: false },
  SIGNATURE_INVALID: { status: 401, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  ACCOUNT_SUSPENDED: { status: 403, retryable: false },
  REGISTRATION_CLOSED: { status: 403, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  EMAIL_TAKEN: { status: 409, retryable: false },
  STATE_CONFLICT: { status: 409, retryable: false },
  PROMPT_REFUSED: { status: 422, retryable: false },
  MODEL_NOT_READY: { status: 409, retryable: false },
  CONSENT_MISSING: { status: 409, retryable: false },
  PHOTOS_TOO_FEW: { status: 400, retryable: false },
  PHOTOS_TOO_MANY: { status: 400, retryable: false },
  PHOTO_NOT_UPLOADED: { status: 409, retryable: false },
  PHOTO_NOT_READY: { status: 409, retryable: true },
  PHOTO_DUPLICATE: { status: 409, retryable: false },
  GONE: { status: 410, retryable: false },
  BODY_TOO_LARGE: { status: 413, retryable: false },
  STORAGE_FULL: { status: 409, retryable: false },
  QUOTA_EXCEEDED: { status: 402, retryable: false },
  RATE_LIMITED: { status: 429, retryable: true },
  INTERNAL: { status: 500, retryable: true },
  UNAVAILABLE: { status: 503, retryable: true },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Refusals that are over after a while always say when to try again: this, where nothing better is known. */
const RETRY_AFTER_MS: Partial<Record<ErrorCode, number>> = {
  IDEMPOTENCY_IN_PROGRESS: 1_000,
  PHOTO_NOT_READY: 2_000,
  RATE_LIMITED: 60_000,
  UNAVAILABLE: 2_000,
};

/** One field that was refused, with the limit it broke. `path` is dotted, e.g. `settings.rank`. */
export type FieldIssue = { path: string; message: string };

/** An error with an audience: `publicMessage` and `code` may be shown, `cause` is for the log only. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly publicMessage: string;
  readonly retryable: boolean;
  readonly status: number;
  readonly fields: readonly FieldIssue[];
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    publicMessage: string,
    options: { cause?: unknown; fields?: readonly FieldIssue[]; retryAfterMs?: number } = {},
  ) {
    super(publicMessage, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.publicMessage = publicMessage;
    this.retryable = ERROR_CODES[code].retryable;
    this.status = ERROR_CODES[code].status;
    this.fields = options.fields ?? [];
    this.retryAfterMs = options.retryAfterMs ?? RETRY_AFTER_MS[code];
  }
}

/** Absent and foreign things answer alike, so that nobody learns what exists. */
export function notFound(
  what:
    | 'model'
    | 'photo'
    | 'image'
    | 'generation'
    | 'training'
    | 'weights'
    | 'pack'
    | 'job'
    | 'api key'
    | 'user'
    | 'collection'
    | 'operation'
    | 'erasure'
    | 'report'
    | 'strike',
): AppError {
  return new AppError('NOT_FOUND', `There is no such ${what}.`);
}
