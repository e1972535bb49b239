import { z } from 'zod';
import { id, idempotencyKey } from './common.ts';
import { drawSettingsInput } from './generation.ts';
import { LIMITS } from './limits.ts';

export const packSlug = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[a-z0-9-]+$/);
export const packView = z.object({
  slug: packSlug,
  name: z.string(),
  description: z.string(),
  version: z.int(),
  /** Templates with `{subject}` where the trigger and class word go. */
  prompts: z.array(z.string()),
  negativePrompt: z.string(),
});
export type PackView = z.infer<typeof packView>;
export const packList = z.object({ items: z.array(packView) });
export const bySlug = z.strictObject({ slug: packSlug });
/** Images per prompt of a pack. */
export const imagesPerPackPrompt = z.int().min(1).max(4).default(1);
export const runPackInput = z.strictObject({
  slug: packSlug,
  modelId: id,
  n: imagesPerPackPrompt,
  ...drawSettingsInput,
  idempotencyKey,
});
export type RunPackInput = z.infer<typeof runPackInput>;

/** A pack that was ordered along with a training. */
export const packOrderView = z.object({
  id,
  pack: z.object({ slug: packSlug, name: z.string(), version: z.int() }),
  n: z.int(),
  /** Pictures in all. */
  images: z.int(),
  /** `released`: the training ended without success, and so did this. */
  state: z.enum(['waiting', 'due', 'started', 'refused', 'released']),
  /** The run it became. */
  generationId: id.nullable(),
  /** Why it was not started, in words. */
  refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type PackOrderView = z.infer<typeof packOrderView>;
export const packOrderedInput = z.strictObject({ trainingId: id });
export const packOrderAnswer = z.object({ order: packOrderView.nullable() });

export const seedPack = z.strictObject({
  slug: packSlug,
  name: z.string().min(1).max(LIMITS.name.max),
  description: z.string().min(1).max(300),
  negativePrompt: z.string().max(LIMITS.prompt.max),
  prompts: z
    .array(
      z
        .string()
        .min(1)
        .max(LIMITS.prompt.max)
        .regex(/\{subject\}/),
    )
    .min(LIMITS.promptsPerPack.min)
    .max(LIMITS.promptsPerPack.max),
});
export type SeedPack = z.infer<typeof seedPack>;
