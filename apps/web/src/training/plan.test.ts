import { expect, it } from 'vitest';
import { english } from '../language/testing';
import { overrideFault, samplePromptsFault } from './plan';

const t = english('wizard');

it('names the limit that a value breaks', () => {
  expect(overrideFault(t, 'rank', '0')).toBe('Use 1 to 128.');
  expect(overrideFault(t, 'steps', '1.5')).toBe('Use a whole number.');
  expect(overrideFault(t, 'resolution', '100')).toBe('Use a multiple of 8.');
  expect(overrideFault(t, 'seed', '-1')).toContain('Use 0 to');
  expect(overrideFault(t, 'rank', '')).toBeNull();
  expect(samplePromptsFault(t, 'a\n\nb')).toBeNull();
  expect(samplePromptsFault(t, 'a\nb\nc\nd\ne')).toContain('at most 4');
});
