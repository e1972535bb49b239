/** What is wrong with the values that are typed in the settings step. The server's schema says the same again. */
import { LIMITS, NUMBER_SETTINGS, type NumberSettingName } from '@pixgen/domain';
import type { Words } from '@/language/messages';

export const OVERRIDES = Object.keys(NUMBER_SETTINGS) as NumberSettingName[];
const SAMPLES = LIMITS.training.samplePrompts;

/** What is wrong with a typed value, or null. Empty means "as the preset says". */
export function overrideFault(t: Words<'wizard'>, key: NumberSettingName, text: string): string | null {
  if (text.trim() === '') return null;
  const { min, max, whole, multipleOf } = NUMBER_SETTINGS[key];
  const value = Number(text);
  if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) return whole ? t('useWhole') : t('useNumber');
  if (value < min || value > max) return t('useRange', { min, max });
  if (multipleOf && value % multipleOf !== 0) return t('useMultiple', { of: multipleOf });
  return null;
}

/** One prompt per line. */
export function readSamplePrompts(text: string): string[] {
  return text.split('\n').flatMap((line) => line.trim() || []);
}

/** What is wrong with typed sample prompts, or null. */
export function samplePromptsFault(t: Words<'wizard'>, text: string): string | null {
  const prompts = readSamplePrompts(text);
  if (prompts.length > SAMPLES.max) return t('atMostPrompts', { max: SAMPLES.max });
  if (prompts.some((prompt) => prompt.length > SAMPLES.maxLength))
    return t('atMostLetters', { max: SAMPLES.maxLength });
  return null;
}
