/** What is wrong with the values that are typed in the settings step. The server's schema says the same again. */
import { LIMITS, NUMBER_SETTINGS, type NumberSettingName, type PackView, type TrainingPlan } from '@pixgen/domain';
import type { Words } from '@/language/messages';

export const OVERRIDES = Object.keys(NUMBER_SETTINGS) as NumberSettingName[];
const SAMPLES = LIMITS.training.samplePrompts;

/** What is wrong with a typed value, or null. Empty means "as the preset says". */
export function overrideFault(t: Words<'wizard'>, key: NumberSettingName, text: string): string | null {
  if (text.trim() === '') return null;
  const { min, max, whole, multipleOf, isDuration } = NUMBER_SETTINGS[key];
  const value = readSetting(key, text);
  if (isDuration && Number.isNaN(value)) return t('useTime');
  if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) return whole ? t('useWhole') : t('useNumber');
  if (value < min || value > max) return t('useRange', { min: showSetting(key, min), max: showSetting(key, max) });
  if (multipleOf && value % multipleOf !== 0) return t('useMultiple', { of: multipleOf });
  return null;
}

const DURATION = /^(?:(\d+(?:\.\d+)?)\s*min)?\s*(?:(\d+(?:\.\d+)?)\s*s?)?$/;

/** A typed value as the plan keeps it; NaN when it cannot be read. Of times, a bare number is seconds. */
export function readSetting(key: NumberSettingName, text: string): number {
  if (!NUMBER_SETTINGS[key].isDuration) return Number(text);
  const [, minutes, seconds] = DURATION.exec(text.trim()) ?? [];
  if (minutes === undefined && seconds === undefined) return Number.NaN;
  return Math.round(Number(minutes ?? 0) * 60_000 + Number(seconds ?? 0) * 1_000);
}

/** A value of a plan as one types it. */
export function showSetting(key: NumberSettingName, value: number): string {
  if (!NUMBER_SETTINGS[key].isDuration) return String(value);
  const minutes = Math.floor(value / 60_000);
  const seconds = (value % 60_000) / 1_000;
  return [minutes > 0 && `${minutes} min`, (seconds > 0 || minutes === 0) && `${seconds} s`].filter(Boolean).join(' ');
}

/** The pack of a plan with how many pictures it makes, or null: none was chosen, or it is gone by now. */
export function chosenPack(packs: readonly PackView[], chosen: TrainingPlan['pack']) {
  const pack = packs.find(({ slug }) => slug === chosen?.slug);
  return pack && chosen ? { ...chosen, name: pack.name, pictures: pack.prompts.length * chosen.n } : null;
}

/** What a training costs with the pack that comes after it, in MicroUsd. */
export function planPrice(
  prices: { trainMicroUsd: number; imageMicroUsd: number },
  pack: { pictures: number } | null,
): number {
  return prices.trainMicroUsd + (pack ? pack.pictures * prices.imageMicroUsd : 0);
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
