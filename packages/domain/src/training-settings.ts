/** The one table of what a person may set for a training: forms and docs/training.md are made from it. */
import type { TrainSettings } from './gpu-protocol.ts';
import { LIMITS } from './limits.ts';

/** A number with its bounds. */
export type NumberSetting = {
  label: string;
  /** What it does, in a sentence or two. */
  hint: string;
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
  steps: {
    label: 'Steps',
    hint: 'More steps learn more, too many repeat the photos.',
    ...training.steps,
    whole: true,
  },
  rank: {
    label: 'Rank',
    hint: 'How much the LoRA can hold, and how large its file is.',
    ...training.rank,
    whole: true,
  },
  learningRate: { label: 'Learning rate', hint: 'How far each step goes.', ...training.learningRate, whole: false },
  resolution: {
    label: 'Resolution',
    hint: 'Side in pixels of the square whose area every photo is trained at, a multiple of 8.',
    ...training.resolution,
    whole: true,
    multipleOf: 8,
  },
  batchSize: { label: 'Batch size', hint: 'Photos per step.', ...training.batchSize, whole: true },
  priorWeight: {
    label: 'Prior weight',
    hint: 'How strongly the base model keeps what it knows of people; 0 turns it off. For people only.',
    ...training.priorWeight,
    whole: false,
  },
  checkpointEveryMs: {
    label: 'Checkpoint every',
    hint: 'Time between two saved states, from which an interrupted training goes on.',
    ...training.checkpointEveryMs,
    whole: true,
    isDuration: true,
  },
  seed: {
    label: 'Seed',
    hint: 'The same seed gives the same training.',
    min: 0,
    max: LIMITS.maxSeed,
    whole: true,
  },
};
