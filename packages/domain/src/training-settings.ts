/** The one table of what a person may set for a training: forms and docs/training.md are made from it. */
import type { TrainSettings } from './gpu-protocol.ts';
import { LIMITS } from './limits.ts';

/** A number with its bounds. */
export type NumberSetting = {
  min: number;
  max: number;
  whole: boolean;
  multipleOf?: number;
  /** Milliseconds, for people minutes and seconds. */
  isDuration?: true;
};

export type NumberSettingName = Exclude<keyof TrainSettings, 'captions' | 'samplePrompts' | 'stopEarly'>;
const { training } = LIMITS;

/** The resolution is bounded further by the base model. */
export const NUMBER_SETTINGS: Record<NumberSettingName, NumberSetting> = {
  steps: { ...training.steps, whole: true },
  rank: { ...training.rank, whole: true },
  learningRate: { ...training.learningRate, whole: false },
  resolution: { ...training.resolution, whole: true, multipleOf: 8 },
  batchSize: { ...training.batchSize, whole: true },
  priorWeight: { ...training.priorWeight, whole: false },
  checkpointEveryMs: { ...training.checkpointEveryMs, whole: true, isDuration: true },
  seed: { min: 0, max: LIMITS.maxSeed, whole: true },
};
