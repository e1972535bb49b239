import { z } from 'zod';
import { id, idempotencyKey, isoTime, page, pageInput, plainText } from './common.ts';
import { likenessScore, trainSettings } from './gpu-protocol.ts';
import { jobView } from './jobs.ts';
import { LIMITS } from './limits.ts';
import { imagesPerPackPrompt, packSlug } from './packs.ts';
import { suggestionCause } from './plateau.ts';
import { TRAINING_PRESETS } from './profiles.ts';

export const trainingPreset = z.enum(TRAINING_PRESETS);
const samplePrompts = z
  .array(plainText(1, LIMITS.training.samplePrompts.maxLength))
  .max(LIMITS.training.samplePrompts.max, `Use at most ${LIMITS.training.samplePrompts.max} prompts.`);

/** What is chosen for a training: a preset, single settings that replace the preset's, and what comes after it. */
export const trainingPlan = z.strictObject({
  preset: trainingPreset.default('balanced'),
  overrides: trainSettings.extend({ samplePrompts }).exactPartial().prefault({}),
  /** A pack to be run when the training succeeds, in the usual settings. */
  pack: z.strictObject({ slug: packSlug, n: imagesPerPackPrompt }).exactOptional(),
});
export type TrainingPlan = z.infer<typeof trainingPlan>;

export const startTrainingInput = trainingPlan.extend({
  modelId: id,
  idempotencyKey,
});
export type StartTrainingInput = z.infer<typeof startTrainingInput>;

export const weightsView = z.object({
  id,
  step: z.int(),
  /** Of the last step; the others are of checkpoints on the way. */
  final: z.boolean(),
  sizeBytes: z.int(),
  /** Null where nothing was scored. */
  likeness: likenessScore.nullable(),
  /** Also there in Kohya's layout. */
  kohya: z.boolean(),
  createdAt: isoTime,
});
export type WeightsView = z.infer<typeof weightsView>;

/** A LoRA file's layout: `diffusers` for diffusers and PixGen, `kohya` for ComfyUI and A1111. */
export const weightsLayout = z.enum(['diffusers', 'kohya']);
export type WeightsLayout = z.infer<typeof weightsLayout>;
/** Without `weightsId` those in use. */
export const downloadWeightsInput = z.strictObject({
  id,
  layout: weightsLayout.default('diffusers'),
  weightsId: id.optional(),
});
/** Which weights of a model are drawn with; null: those of the newest training. */
export const chooseWeightsInput = z.strictObject({ id, weightsId: id.nullable() });
export type ChooseWeightsInput = z.infer<typeof chooseWeightsInput>;

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
  /** Newest step first. */
  weights: z.array(weightsView),
  /** The checkpoint whose samples are the most like the photos; null while there are not two to compare. */
  suggestion: z.object({ weightsId: id, because: z.enum(suggestionCause), reason: z.string() }).nullable(),
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
