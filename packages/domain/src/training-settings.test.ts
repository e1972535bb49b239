import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { trainSettings } from './gpu-protocol.ts';
import { PROFILES, resolveTrainSettings, TRAINING_PRESETS } from './profiles.ts';
import { NUMBER_SETTINGS, type NumberSettingName } from './training-settings.ts';

const PROFILE_NAMES = Object.keys(PROFILES) as (keyof typeof PROFILES)[];
const SOME = { profile: 'sdxl', preset: 'balanced', photoCount: 10, isPerson: true, seed: 1 } as const;

describe('the settings of a training', () => {
  it.each(PROFILE_NAMES.flatMap((profile) => TRAINING_PRESETS.map((preset) => [profile, preset] as const)))(
    'of %s, %s, are within the bounds for every set of photos',
    (profile, preset) => {
      for (const photoCount of [5, 12, 20]) {
        const settings = resolveTrainSettings({ ...SOME, profile, preset, photoCount });
        expect(trainSettings.parse(settings)).toEqual(settings);
      }
    },
  );

  it('grow with the photos from 600 to 1600 steps with SDXL', () => {
    const steps = (photoCount: number) => resolveTrainSettings({ ...SOME, photoCount }).steps;
    expect([5, 10, 20].map(steps)).toEqual([600, 800, 1600]);
  });

  it('preserve what is known of people, and of nothing else', () => {
    expect(resolveTrainSettings(SOME).priorWeight).toBe(1);
    expect(resolveTrainSettings({ ...SOME, isPerson: false }).priorWeight).toBe(0);
    expect(resolveTrainSettings({ ...SOME, overrides: { priorWeight: 0.3 } }).priorWeight).toBe(0.3);
  });

  it.each(Object.keys(NUMBER_SETTINGS) as NumberSettingName[])('%s: the table and the schema agree', (name) => {
    const { min, max, multipleOf, whole } = NUMBER_SETTINGS[name];
    const accepts = (value: number) => trainSettings.shape[name].safeParse(value).success;
    expect([min, max].map(accepts)).toEqual([true, true]);
    expect([min - 1e-7, max + (multipleOf ?? 1)].map(accepts)).toEqual([false, false]);
    if (whole) expect(accepts(min + 0.5)).toBe(false);
  });

  it('stand in the documentation as they are', () => {
    const text = readFileSync(new URL('../../../docs/training.md', import.meta.url), 'utf8').replaceAll(/ +/g, ' ');
    for (const [name, { min, max }] of Object.entries(NUMBER_SETTINGS))
      expect(text).toContain(`| \`${name}\` | ${min} to ${max} |`);
    for (const profile of PROFILE_NAMES)
      for (const [preset, one] of Object.entries(PROFILES[profile].presets))
        expect(text).toContain(
          `| ${profile} | ${preset} | ${one.stepsPerPhoto} per photo, ${one.minSteps} to ${one.maxSteps} | ${one.rank} | ${one.learningRate} | ${one.resolution} | ${one.batchSize} |`,
        );
  });
});
