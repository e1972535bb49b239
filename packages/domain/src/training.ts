import { z } from 'zod';
import { id, idempotencyKey, isoTime, page, pageInput, plainText } from './common.ts';
import { trainSettings } from './gpu-protocol.ts';
import { jobView } from './jobs.ts';
import { LIMITS } from './limits.ts';
import { imagesPerPackPrompt, packSlug } from './packs.ts';
import { TRAINING_PRESETS } from './profiles.ts';

export const trainingPreset = z.enum(TRAINING_PRESETS);
const samplePrompts = z
  .array(plainText(1, LIMITS.training.samplePrompts.maxLength))
  .max(LIMITS.training.samplePrompts.max, `Use at most ${LIMITS.training.samplePrompts.max} prompts.`);

export const startTrainingInput = z.strictObject({
  modelId: id,
  preset: trainingPreset.default('balanced'),
  /** Replace single settings of the preset. */
  overrides: trainSettings.extend({ samplePrompts }).partial().prefault({}),
  /** A pack to be run when the training succeeds, in the usual settings. */
  pack: z.strictObject({ slug: packSlug, n: imagesPerPackPrompt }).optional(),
  idempotencyKey,
});
export type StartTrainingInput = z.infer<typeof startTrainingInput>;

export const weightsView = z.object({ id, step: z.int(), final: z.boolean(), sizeBytes: z.int(), createdAt: isoTime });
export type WeightsView = z.infer<typeof weightsView>;

/** A LoRA file's layout: `diffusers` for diffusers and PixGen, `kohya` for ComfyUI and A1111. */
export const weightsLayout = z.enum(['diffusers', 'kohya']);
export type WeightsLayout = z.infer<typeof weightsLayout>;
export const downloadWeightsInput = z.strictObject({ id, layout: weightsLayout.default('diffusers') });

/** A picture drawn during a training, always with the same seed; its file is at `/s/{id}`. */
export const sampleView = z.object({ id, step: z.int(), prompt: z.string(), width: z.int(), height: z.int() });
export type SampleView = z.infer<typeof sampleView>;

export const trainingView = z.object({
  id,
  modelId: id,
  preset: trainingPreset,
  settings: trainSettings,
  photoCount: z.int(),
  createdAt: isoTime,
  job: jobView,
  weights: z.array(weightsView),
  /** By step, then in the order of the prompts. */
  samples: z.array(sampleView),
  /** `[step, loss]`, downsampled. */
  lossHistory: z.array(z.tuple([z.int(), z.number()])),
});
export type TrainingView = z.infer<typeof trainingView>;
export const trainingPage = page(trainingView);
export const listTrainingsInput = pageInput.extend({ modelId: id.optional() });
export const retryInput = z.strictObject({ id, idempotencyKey });
export type RetryInput = z.infer<typeof retryInput>;
/** A presigned GET, valid for at most five minutes. */
export const downloadView = z.object({ url: z.string(), fileName: z.string(), expiresAt: isoTime });
export type DownloadView = z.infer<typeof downloadView>;
