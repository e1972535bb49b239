/**
 * Every error a caller may see. The table maps a public code to its HTTP status and says whether repeating the same
 * call may help. Nothing else about an error ever leaves the process.
 */
import { type Sentence, say } from './sentence.ts';

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
  WRONG_HOST: { status: 421, retryable: false },
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
/** The same before it is known in which language it is told. */
export type FieldFault = { path: string; message: Sentence };

/** An error with an audience: its `sentence`, `code` and `fields` may be shown, `cause` is for the log only. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly sentence: Sentence;
  readonly retryable: boolean;
  readonly status: number;
  readonly fields: readonly FieldFault[];
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    sentence: Sentence,
    options: { cause?: unknown; fields?: readonly FieldFault[]; retryAfterMs?: number } = {},
  ) {
    super(String(sentence), { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.sentence = sentence;
    this.retryable = ERROR_CODES[code].retryable;
    this.status = ERROR_CODES[code].status;
    this.fields = options.fields ?? [];
    this.retryAfterMs = options.retryAfterMs ?? RETRY_AFTER_MS[code];
  }
}

/** The refusal of one field: the sentence names it and says what is wrong. */
export function fieldRefusal(path: string, message: Sentence): AppError {
  return new AppError('INVALID_INPUT', say`${path}: ${message}`, { fields: [{ path, message }] });
}

/** Absent and foreign things answer alike, so that nobody learns what exists. */
export function notFound(what: keyof typeof ABSENT): AppError {
  return new AppError('NOT_FOUND', ABSENT[what]);
}

// One sentence each: what they are called changes more than one word of it in most languages.
const ABSENT = {
  model: say`There is no such model.`,
  photo: say`There is no such photo.`,
  image: say`There is no such image.`,
  generation: say`There is no such generation.`,
  training: say`There is no such training.`,
  weights: say`There are no such weights.`,
  pack: say`There is no such pack.`,
  job: say`There is no such job.`,
  'api key': say`There is no such API key.`,
  session: say`There is no such session any more.`,
  user: say`There is no such user.`,
  collection: say`There is no such collection.`,
  operation: say`There is no such operation.`,
  erasure: say`There is no such erasure.`,
  report: say`There is no such report.`,
  strike: say`There is no such strike.`,
};
