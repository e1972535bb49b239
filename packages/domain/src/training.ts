import { z } from 'zod';
import { id, idempotencyKey, isoTime, page, pageInput } from './common.ts';
import { trainSettings } from './gpu-protocol.ts';
import { jobView } from './jobs.ts';
import { TRAINING_PRESETS } from './profiles.ts';

export const trainingPreset = z.enum(TRAINING_PRESETS);
export const startTrainingInput = z.strictObject({
  modelId: id,
  preset: trainingPreset.default('balanced'),
  /** Replace single settings of the preset. */
  overrides: trainSettings.partial().prefault({}),
  idempotencyKey,
});
export type StartTrainingInput = z.infer<typeof startTrainingInput>;

export const weightsView = z.object({ id, step: z.int(), final: z.boolean(), sizeBytes: z.int(), createdAt: isoTime });
export type WeightsView = z.infer<typeof weightsView>;

export const trainingView = z.object({
  id,
  modelId: id,
  preset: trainingPreset,
  settings: trainSettings,
  photoCount: z.int(),
  createdAt: isoTime,
  job: jobView,
  weights: z.array(weightsView),
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
