/** Shapes shared by every feature's inputs and views. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { rule, say } from './sentence.ts';

export const id = z.uuid();
export const isoTime = z.iso.datetime();

/** Names the intent of a costly call: repeating the call with the same key never starts a second job. */
export const idempotencyKey = z
  .string()
  .min(LIMITS.idempotencyKey.min)
  .max(LIMITS.idempotencyKey.max)
  .regex(/^[A-Za-z0-9_.:-]+$/, rule(say`Use letters, digits and _ . : - only.`));

/** Position in a list, as the last page gave it. */
export const cursor = z.uuid();
export const pageInput = z.strictObject({
  cursor: cursor.optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.page.max).default(LIMITS.page.default),
});

/** One page of a list; `nextCursor` is null on the last. */
export function page<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
export type Page<T> = { items: T[]; nextCursor: string | null };

export const byId = z.strictObject({ id });
export const byIds = z.strictObject({ ids: z.array(id).min(1).max(LIMITS.bulk.max) });

/** Text as people type it: NFC, no control characters, outer spaces removed before its length counts. */
export function plainText(min: number, max: number) {
  return z
    .string()
    .max(max * 4)
    .transform((text) =>
      text
        .normalize('NFC')
        .replace(/\p{Cc}+/gu, ' ')
        .trim(),
    )
    .pipe(z.string().min(min).max(max));
}
