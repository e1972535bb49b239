import { sizeFault, startGenerationInput } from '@pixgen/domain';
import { describe, expect, it } from 'vitest';
import { defaultDraw, drawFaults, drawInput, sizeChoices } from './draw-input';

const modelId = '01a2048f-d06e-71c0-8d84-988dc029b872';

describe.each(['nano', 'tiny', 'sdxl'] as const)('with base model %s', (profile) => {
  it('offers only sizes that it can draw', () => {
    for (const { width, height } of sizeChoices(profile))
      expect([sizeFault(profile, width), sizeFault(profile, height)]).toEqual([null, null]);
  });

  it('sends its defaults as the API takes them', () => {
    const form = { ...defaultDraw(profile), prompt: ' a portrait ' };
    expect(drawFaults(form, profile)).toEqual({});
    expect(startGenerationInput.safeParse({ ...drawInput(form, modelId), idempotencyKey: '12345678' }).success).toBe(
      true,
    );
  });
});

it('names a seed that is none', () => {
  expect(drawFaults({ ...defaultDraw('nano'), prompt: 'x', seed: '-3' }, 'nano').seed).toContain('whole number');
  expect(drawInput({ ...defaultDraw('nano'), prompt: 'x', seed: '' }, modelId)).not.toHaveProperty('seed');
});
