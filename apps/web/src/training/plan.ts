/** What is wrong with the values that are typed in the settings step. The server's schema says the same again. */
import { LIMITS, NUMBER_SETTINGS, type NumberSettingName } from '@pixgen/domain';

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
