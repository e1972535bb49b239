/** What each base model profile can do; forms, validation and the work order read it. */

import type { GpuProfile, SchedulerName, TrainSettings } from './gpu-protocol.ts';
import { LIMITS } from './limits.ts';
import { type Sentence, say } from './sentence.ts';

export const TRAINING_PRESETS = ['fast', 'balanced', 'best'] as const;
export type TrainingPreset = (typeof TRAINING_PRESETS)[number];

type PresetSettings = Omit<TrainSettings, 'steps' | 'seed'> & {
  stepsPerPhoto: number;
  minSteps: number;
  maxSteps: number;
};

/** What all presets have in common. */
const COMMON = {
  priorWeight: 1,
  captions: 'auto',
  checkpointEveryMs: 30_000,
  samplePrompts: ['photo of {subject}', '{subject} on a beach at sunset'],
  stopEarly: false,
} satisfies Partial<PresetSettings>;

/** Edge lengths in px a profile draws at. `simulated` profiles draw no likeness: every screen that shows them says so. */
export type Profile = {
  name: string;
  simulated: boolean;
  size: { default: number; min: number; max: number; multipleOf: number };
  steps: number;
  guidance: number;
  scheduler: SchedulerName;
  /** What a draft takes instead. */
  draft: { steps: number; scheduler: SchedulerName };
  presets: Record<TrainingPreset, PresetSettings>;
};

export const PROFILES: Record<GpuProfile, Profile> = {
  nano: {
    name: 'Nano (random weights, for trying the machinery)',
    simulated: true,
    size: { default: 128, min: 64, max: 512, multipleOf: 64 },
    steps: 6,
    guidance: 5,
    scheduler: 'euler',
    draft: { steps: 3, scheduler: 'dpmpp-2m-karras' },
    presets: {
      fast: {
        ...COMMON,
        rank: 4,
        learningRate: 1e-3,
        resolution: 128,
        batchSize: 1,
        stepsPerPhoto: 3,
        minSteps: 20,
        maxSteps: 60,
      },
      balanced: {
        ...COMMON,
        rank: 8,
        learningRate: 1e-3,
        resolution: 128,
        batchSize: 1,
        stepsPerPhoto: 6,
        minSteps: 40,
        maxSteps: 120,
      },
      best: {
        ...COMMON,
        rank: 16,
        learningRate: 1e-3,
        resolution: 128,
        batchSize: 2,
        stepsPerPhoto: 12,
        minSteps: 80,
        maxSteps: 240,
      },
    },
  },
  tiny: {
    name: 'Tiny (draws emoji-like pictures)',
    simulated: true,
    size: { default: 128, min: 64, max: 256, multipleOf: 32 },
    steps: 20,
    guidance: 4,
    scheduler: 'euler',
    draft: { steps: 8, scheduler: 'dpmpp-2m-karras' },
    presets: {
      fast: {
        ...COMMON,
        rank: 16,
        learningRate: 1e-3,
        resolution: 128,
        batchSize: 4,
        stepsPerPhoto: 25,
        minSteps: 150,
        maxSteps: 300,
      },
      balanced: {
        ...COMMON,
        rank: 16,
        learningRate: 1e-3,
        resolution: 128,
        batchSize: 4,
        stepsPerPhoto: 75,
        minSteps: 400,
        maxSteps: 600,
      },
      best: {
        ...COMMON,
        rank: 16,
        learningRate: 5e-4,
        resolution: 128,
        batchSize: 4,
        stepsPerPhoto: 125,
        minSteps: 800,
        maxSteps: 1000,
      },
    },
  },
  sdxl: {
    name: 'SDXL 1.0',
    simulated: false,
    size: { default: 1024, min: 512, max: 1536, multipleOf: 64 },
    steps: 30,
    guidance: 6,
    scheduler: 'euler',
    draft: { steps: 10, scheduler: 'dpmpp-2m-karras' },
    presets: {
      fast: {
        ...COMMON,
        rank: 16,
        learningRate: 1e-4,
        resolution: 512,
        batchSize: 4,
        stepsPerPhoto: 80,
        minSteps: 600,
        maxSteps: 1200,
      },
      balanced: {
        ...COMMON,
        rank: 16,
        learningRate: 1e-4,
        resolution: 1024,
        batchSize: 1,
        stepsPerPhoto: 80,
        minSteps: 600,
        maxSteps: 1600,
      },
      best: {
        ...COMMON,
        rank: 32,
        learningRate: 1e-4,
        resolution: 1024,
        batchSize: 1,
        stepsPerPhoto: 100,
        minSteps: 800,
        maxSteps: 1600,
      },
    },
  },
};

/** What a training's settings are worked out from. */
export type TrainingChoice = {
  profile: GpuProfile;
  preset: TrainingPreset;
  photoCount: number;
  /** Prior preservation keeps what the base model knows of people; other subjects do without. */
  isPerson: boolean;
  seed: number;
  overrides?: { [Setting in keyof TrainSettings]?: TrainSettings[Setting] | undefined };
};

/** The settings of one training: the preset scaled to the photo set, with the person's overrides on top. */
export function resolveTrainSettings(choice: TrainingChoice): TrainSettings {
  const { stepsPerPhoto, minSteps, maxSteps, ...base } = PROFILES[choice.profile].presets[choice.preset];
  const steps = Math.min(Math.max(stepsPerPhoto * choice.photoCount, minSteps), maxSteps);
  const defined = Object.fromEntries(Object.entries(choice.overrides ?? {}).filter(([, value]) => value !== undefined));
  const priorWeight = choice.isPerson ? base.priorWeight : 0;
  return { ...base, priorWeight, steps, seed: choice.seed, ...defined };
}

/** What a base model's trainings usually work at, px: photos are judged by it. */
export function trainingEdgePx(profile: GpuProfile): number {
  return PROFILES[profile].presets.balanced.resolution;
}

/** Names the first fault of a size under a profile, or null when it fits. */
export function sizeFault(profile: GpuProfile, edge: number): Sentence | null {
  const { min, max, multipleOf } = PROFILES[profile].size;
  if (edge < min || edge > max) return say`Use ${min} to ${max} pixels with this base model.`;
  if (edge % multipleOf !== 0) return say`Use a multiple of ${multipleOf} pixels with this base model.`;
  return null;
}

/** Seeds fit every generator in use. */
export function seedAt(base: number, index: number): number {
  return (base + index) % (LIMITS.maxSeed + 1);
}
