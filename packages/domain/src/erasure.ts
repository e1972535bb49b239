/** A person's data in their own hands: a copy of everything, and an end of everything. */
import { z } from 'zod';
import { id, isoTime } from './common.ts';
import { LIMITS } from './limits.ts';
import { rule, say } from './sentence.ts';
import { ERASE_PHRASE, ERASE_USER_PHRASE } from './words.ts';

export const eraseAccountInput = z.strictObject({
  confirmation: z
    .string()
    .trim()
    .toLowerCase()
    .pipe(z.literal(ERASE_PHRASE, { error: rule(say`Type "${ERASE_PHRASE}" to go on.`) })),
  /** Asked for again where accounts have one. */
  password: z.string().min(1).max(LIMITS.password.max).optional(),
});
export type EraseAccountInput = z.infer<typeof eraseAccountInput>;

export const eraseUserInput = z.strictObject({
  id,
  /** The one call of administrators that nothing brings back: not made by mistake, nor by a script that meant another. */
  confirmation: z.literal(ERASE_USER_PHRASE, { error: rule(say`Type "${ERASE_USER_PHRASE}" to go on.`) }),
});
export type EraseUserInput = z.infer<typeof eraseUserInput>;

/** Opens the receipt without an account: there is none any more. 256 random bits. */
const erasureCode = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
export const erasureInput = z.strictObject({ code: erasureCode });

export const erasureKind = z.enum(['account', 'model', 'photo', 'image']);
export const erasureStarted = z.object({ id, kind: erasureKind, code: erasureCode, requestedAt: isoTime });
export type ErasureStarted = z.infer<typeof erasureStarted>;

const count = z.int().min(0);
/** What was erased. Holds nothing that leads to a person, so that it may be kept for ever. */
export const erasureReceipt = z.object({
  version: z.literal(1),
  id,
  kind: erasureKind,
  requestedBy: z.enum(['owner', 'identity-provider', 'operator']),
  requestedAt: isoTime,
  erasedAt: isoTime,
  /** After the last URL that could still write has expired, everything is searched once more. */
  lastSweepAt: isoTime,
  counts: z.object({
    models: count,
    photos: count,
    trainings: count,
    weights: count,
    generations: count,
    images: count,
    jobs: count,
    objects: count,
    objectBytes: count,
    queueTasks: count,
    cacheKeys: count,
    gpuCalls: count,
  }),
  /** Hex SHA-256 over the sorted lines `key size` of the erased objects; `objects.txt` of an export holds such lines. */
  objectsSha256: z.string(),
  /** `left`: this site may not erase accounts there; the person does it in their own settings. */
  identityProvider: z.enum(['none', 'erased', 'left']),
  /** Kept under a pseudonym that leads to nobody: movements of money, consents, the audit log. */
  kept: z.tuple([z.literal('ledger'), z.literal('consents'), z.literal('audit log')]),
});
export type ErasureReceipt = z.infer<typeof erasureReceipt>;

export const erasureView = z.object({
  id,
  kind: erasureKind,
  state: z.enum(['erasing', 'erased', 'swept']),
  stepsDone: count,
  steps: count,
  requestedAt: isoTime,
  erasedAt: isoTime.nullable(),
  sweptAt: isoTime.nullable(),
  /** Once everything is erased. */
  receipt: erasureReceipt.nullable(),
  /** Hex, of the receipt as canonical JSON; the audit log holds it too. */
  receiptSha256: z.string().nullable(),
});
export type ErasureView = z.infer<typeof erasureView>;

export const dataExportView = z.object({
  id,
  state: z.enum(['making', 'ready']),
  sizeBytes: count.nullable(),
  createdAt: isoTime,
  expiresAt: isoTime.nullable(),
  /** Good for some minutes; ask again for a fresh one. */
  url: z.string().nullable(),
});
export type DataExportView = z.infer<typeof dataExportView>;
export const dataExportAnswer = z.object({ dataExport: dataExportView.nullable() });
