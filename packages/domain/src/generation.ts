import { z } from 'zod';
import { id, idempotencyKey, isoTime, page, pageInput, plainText } from './common.ts';
import { imageFormat, schedulerName } from './gpu-protocol.ts';
import { jobView } from './jobs.ts';
import { LIMITS } from './limits.ts';

const edge = z.int().min(LIMITS.size.min).max(LIMITS.size.max).multipleOf(LIMITS.size.multipleOf);

/** Everything that shapes the pixels besides prompt and seed; left out = the base model's default. */
export const drawSettingsInput = {
  negativePrompt: plainText(0, LIMITS.prompt.max).prefault(''),
  seed: z.int().min(0).max(LIMITS.maxSeed).optional(),
  steps: z.int().min(LIMITS.inferenceSteps.min).max(LIMITS.inferenceSteps.max).optional(),
  guidance: z.number().min(LIMITS.guidance.min).max(LIMITS.guidance.max).optional(),
  width: edge.optional(),
  height: edge.optional(),
  loraWeight: z.number().min(LIMITS.loraWeight.min).max(LIMITS.loraWeight.max).default(1),
  scheduler: schedulerName.optional(),
  /** A quick look: few steps and a scheduler that needs few, where these are left out. */
  draft: z.boolean().optional(),
  /** The file that is stored: `png` is exact, `webp` a fifth of its size. */
  format: imageFormat.optional(),
};

export const startGenerationInput = z.strictObject({
  modelId: id,
  /** Of `{red|blue}` each image gets one, by its seed. */
  prompt: plainText(LIMITS.prompt.min, LIMITS.prompt.max),
  n: z.int().min(LIMITS.imagesPerPrompt.min).max(LIMITS.imagesPerPrompt.max).default(1),
  ...drawSettingsInput,
  idempotencyKey,
});
export type StartGenerationInput = z.infer<typeof startGenerationInput>;

export const drawSettings = z.object({
  negativePrompt: z.string(),
  seed: z.int(),
  steps: z.int(),
  guidance: z.number(),
  width: z.int(),
  height: z.int(),
  loraWeight: z.number(),
  scheduler: schedulerName,
  draft: z.boolean(),
  format: imageFormat,
});
export type DrawSettings = z.infer<typeof drawSettings>;

export const imageState = z.enum(['planned', 'ready', 'failed']);
export const imageView = z.object({
  id,
  generationId: id,
  modelId: id,
  position: z.int(),
  state: imageState,
  /** What the person or the pack wrote, with the choices of this image made. */
  prompt: z.string(),
  /** What the model saw: trigger and class word exactly once. */
  compiledPrompt: z.string(),
  seed: z.int(),
  width: z.int(),
  height: z.int(),
  favourite: z.boolean(),
  /** 1 to 5; null: not rated. */
  rating: z.int().nullable(),
  /** base64; a blurred placeholder of some 25 bytes. Null until the image was shown for the first time. */
  thumbhash: z.string().nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  createdAt: isoTime,
  deletedAt: isoTime.nullable(),
});
export type ImageView = z.infer<typeof imageView>;

export const generationView = z.object({
  id,
  modelId: id,
  modelName: z.string(),
  pack: z.object({ slug: z.string(), name: z.string(), version: z.int() }).nullable(),
  /** Null for a pack run: each image has its own. */
  prompt: z.string().nullable(),
  settings: drawSettings,
  counts: z.object({ planned: z.int(), ready: z.int(), failed: z.int() }),
  images: z.array(imageView),
  job: jobView,
  createdAt: isoTime,
});
export type GenerationView = z.infer<typeof generationView>;
/** A prompt of one's own orders, newest first, each once. */
export const promptView = z.object({ prompt: z.string(), negativePrompt: z.string(), times: z.int(), lastAt: isoTime });
export const promptList = z.object({ items: z.array(promptView) });
export const listPromptsInput = z.strictObject({ search: plainText(0, LIMITS.search.max).optional() });
export const generationPage = page(generationView);
export const listGenerationsInput = pageInput.extend({
  modelId: id.optional(),
  packRuns: z.stringbool().or(z.boolean()).optional(),
});
