import { readFileSync } from 'node:fs';
import { LIMITS } from '@pixgen/domain';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { english } from '../language/testing';
import { chosenPack, OVERRIDES, overrideFault, planPrice, readSetting, samplePromptsFault, showSetting } from './plan';

const t = english('wizard');

it('explains each setting as the documentation does', () => {
  const text = readFileSync(new URL('../../../../docs/training.md', import.meta.url), 'utf8').replaceAll(/ +/g, ' ');
  for (const key of OVERRIDES)
    expect(text).toMatch(new RegExp(`\\| \`${key}\` \\|[^|]+\\| ${t(`numbers.${key}.hint`)} \\|`));
});

it('names the limit that a value breaks', () => {
  expect(overrideFault(t, 'rank', '0')).toBe('Use 1 to 128.');
  expect(overrideFault(t, 'steps', '1.5')).toBe('Use a whole number.');
  expect(overrideFault(t, 'resolution', '100')).toBe('Use a multiple of 8.');
  expect(overrideFault(t, 'seed', '-1')).toContain('Use 0 to');
  expect(overrideFault(t, 'rank', '')).toBeNull();
  expect(samplePromptsFault(t, 'a\n\nb')).toBeNull();
  expect(samplePromptsFault(t, 'a\nb\nc\nd\ne')).toContain('at most 4');
});

it('takes times as people write them, and keeps milliseconds', () => {
  const read = (text: string) => readSetting('checkpointEveryMs', text);
  expect(['45', '45 s', '1.5 min', '1 min 30 s', '2min', ' 1 min 5 '].map(read)).toEqual([
    45_000, 45_000, 90_000, 90_000, 120_000, 65_000,
  ]);
  expect(overrideFault(t, 'checkpointEveryMs', '45 s')).toBeNull();
  expect(overrideFault(t, 'checkpointEveryMs', '30000')).toBe('Use 1 s to 10 min.');
  for (const text of ['soon', '1 hour', '-5', 'min', '1 s 1 min'])
    expect([text, overrideFault(t, 'checkpointEveryMs', text)]).toEqual([text, expect.stringContaining('1 min 30 s')]);
  const { min, max } = LIMITS.training.checkpointEveryMs;
  fc.assert(fc.property(fc.integer({ min, max }), (ms) => read(showSetting('checkpointEveryMs', ms)) === ms));
});

it('counts every picture of the pack that comes after a training, and leaves out a pack that is gone', () => {
  const prices = { trainMicroUsd: 1_000, imageMicroUsd: 10 };
  const packs = [
    { slug: 'seasons', name: 'Seasons', description: '', version: 1, prompts: ['a', 'b', 'c'], negativePrompt: '' },
  ];
  const pack = chosenPack(packs, { slug: 'seasons', n: 2 });
  expect(pack).toMatchObject({ name: 'Seasons', n: 2, pictures: 6 });
  expect(planPrice(prices, pack)).toBe(1_060);
  expect(chosenPack(packs, { slug: 'gone', n: 2 })).toBeNull();
  expect(planPrice(prices, null)).toBe(1_000);
});
