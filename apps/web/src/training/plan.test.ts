import { describe, expect, it } from 'vitest';
import { overrideFault, readPlan, samplePromptsFault, type TrainingPlan, writePlan } from './plan';

describe('the plan in the address', () => {
  it('comes back as it was written, so that back and reload keep the choice', () => {
    const plan: TrainingPlan = {
      preset: 'best',
      overrides: {
        stopEarly: true,
        steps: 200,
        learningRate: 0.0005,
        seed: 0,
        captions: 'template',
        samplePrompts: ['a', 'b & c'],
      },
    };
    expect(readPlan(Object.fromEntries(new URLSearchParams(writePlan(plan))))).toEqual(plan);
  });

  it('leaves out what is malformed or out of bounds', () => {
    expect(
      readPlan({
        preset: 'ultra',
        rank: '129',
        steps: 'many',
        resolution: '513',
        batchSize: ['1', '2'],
        samplePrompts: 'a\nb\nc\nd\ne',
      }),
    ).toEqual({ preset: 'balanced', overrides: {} });
  });
});

it('names the limit that a value breaks', () => {
  expect(overrideFault('rank', '0')).toBe('Use 1 to 128.');
  expect(overrideFault('steps', '1.5')).toBe('Use a whole number.');
  expect(overrideFault('resolution', '100')).toBe('Use a multiple of 8.');
  expect(overrideFault('seed', '-1')).toContain('Use 0 to');
  expect(overrideFault('rank', '')).toBeNull();
  expect(samplePromptsFault('a\n\nb')).toBeNull();
  expect(samplePromptsFault('a\nb\nc\nd\ne')).toContain('at most 4');
});
