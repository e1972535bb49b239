import { expect, it } from 'vitest';
import { overrideFault, samplePromptsFault } from './plan';

it('names the limit that a value breaks', () => {
  expect(overrideFault('rank', '0')).toBe('Use 1 to 128.');
  expect(overrideFault('steps', '1.5')).toBe('Use a whole number.');
  expect(overrideFault('resolution', '100')).toBe('Use a multiple of 8.');
  expect(overrideFault('seed', '-1')).toContain('Use 0 to');
  expect(overrideFault('rank', '')).toBeNull();
  expect(samplePromptsFault('a\n\nb')).toBeNull();
  expect(samplePromptsFault('a\nb\nc\nd\ne')).toContain('at most 4');
});
