/** The choices of the settings step as they travel in the address, so that back, reload and a shared link keep them. */
import {
  LIMITS,
  NUMBER_SETTINGS,
  type NumberSettingName,
  TRAINING_PRESETS,
  type TrainingPreset,
  type TrainSettings,
} from '@pixgen/domain';

export type TrainingPlan = {
  preset: TrainingPreset;
  overrides: Partial<Pick<TrainSettings, NumberSettingName | 'captions' | 'samplePrompts' | 'stopEarly'>>;
};

export const OVERRIDES = Object.keys(NUMBER_SETTINGS) as NumberSettingName[];
const SAMPLES = LIMITS.training.samplePrompts;

/** What is wrong with a typed value, or null. Empty means "as the preset says". */
export function overrideFault(key: NumberSettingName, text: string): string | null {
  if (text.trim() === '') return null;
  const { min, max, whole, multipleOf } = NUMBER_SETTINGS[key];
  const value = Number(text);
  if (!Number.isFinite(value) || (whole && !Number.isInteger(value)))
    return whole ? 'Use a whole number.' : 'Use a number.';
  if (value < min || value > max) return `Use ${min} to ${max}.`;
  if (multipleOf && value % multipleOf !== 0) return `Use a multiple of ${multipleOf}.`;
  return null;
}

/** One prompt per line. */
export function readSamplePrompts(text: string): string[] {
  return text.split('\n').flatMap((line) => line.trim() || []);
}

/** What is wrong with typed sample prompts, or null. */
export function samplePromptsFault(text: string): string | null {
  const prompts = readSamplePrompts(text);
  if (prompts.length > SAMPLES.max) return `Use at most ${SAMPLES.max} prompts, one per line.`;
  if (prompts.some((prompt) => prompt.length > SAMPLES.maxLength))
    return `Use at most ${SAMPLES.maxLength} letters each.`;
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
  if (params.captions === 'template' || params.captions === 'auto') overrides.captions = params.captions;
  if (params.stopEarly === 'true') overrides.stopEarly = true;
  if (typeof params.samplePrompts === 'string' && samplePromptsFault(params.samplePrompts) === null)
    overrides.samplePrompts = readSamplePrompts(params.samplePrompts);
  return { preset, overrides };
}

/** The plan as a query string, without a question mark. */
export function writePlan(plan: TrainingPlan): string {
  const params = new URLSearchParams({ preset: plan.preset });
  for (const key of OVERRIDES) {
    const value = plan.overrides[key];
    if (value !== undefined) params.set(key, String(value));
  }
  const { captions, samplePrompts } = plan.overrides;
  if (captions) params.set('captions', captions);
  if (plan.overrides.stopEarly) params.set('stopEarly', 'true');
  if (samplePrompts) params.set('samplePrompts', samplePrompts.join('\n'));
  return params.toString();
}
