/** The choices of the settings step as they travel in the address, so that back, reload and a shared link keep them. */
import { LIMITS, TRAINING_PRESETS, type TrainingPreset, type TrainSettings } from '@pixgen/domain';

type Override = 'steps' | 'rank' | 'learningRate' | 'resolution' | 'batchSize' | 'seed';
export type TrainingPlan = { preset: TrainingPreset; overrides: Partial<Pick<TrainSettings, Override>> };

const BOUNDS: Record<Override, { min: number; max: number; whole: boolean; multipleOf?: number }> = {
  steps: { ...LIMITS.training.steps, whole: true },
  rank: { ...LIMITS.training.rank, whole: true },
  learningRate: { ...LIMITS.training.learningRate, whole: false },
  resolution: { ...LIMITS.training.resolution, whole: true, multipleOf: 8 },
  batchSize: { ...LIMITS.training.batchSize, whole: true },
  seed: { min: 0, max: LIMITS.maxSeed, whole: true },
};
export const OVERRIDES = Object.keys(BOUNDS) as Override[];

/** What is wrong with a typed value, or null. Empty means "as the preset says". */
export function overrideFault(key: Override, text: string): string | null {
  if (text.trim() === '') return null;
  const { min, max, whole, multipleOf } = BOUNDS[key];
  const value = Number(text);
  if (!Number.isFinite(value) || (whole && !Number.isInteger(value)))
    return whole ? 'Use a whole number.' : 'Use a number.';
  if (value < min || value > max) return `Use ${min} to ${max}.`;
  if (multipleOf && value % multipleOf !== 0) return `Use a multiple of ${multipleOf}.`;
  return null;
}

/** Reads the address; what is malformed is left out rather than trusted. */
export function readPlan(params: Record<string, string | string[] | undefined>): TrainingPlan {
  const preset = TRAINING_PRESETS.find((name) => name === params.preset) ?? 'balanced';
  const overrides: TrainingPlan['overrides'] = {};
  for (const key of OVERRIDES) {
    const text = params[key];
    if (typeof text === 'string' && text.trim() !== '' && overrideFault(key, text) === null)
      overrides[key] = Number(text);
  }
  return { preset, overrides };
}

/** The plan as a query string, without a question mark. */
export function writePlan(plan: TrainingPlan): string {
  const params = new URLSearchParams({ preset: plan.preset });
  for (const key of OVERRIDES) {
    const value = plan.overrides[key];
    if (value !== undefined) params.set(key, String(value));
  }
  return params.toString();
}
