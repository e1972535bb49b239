import { sizeFault, startGenerationInput } from '@pixgen/domain';
import { describe, expect, it } from 'vitest';
import { english } from '../language/testing';
import { defaultDraw, drawFaults, drawInput, formOfRecipe, readDraft, sizeChoices } from './draw-input';

const t = english('studio');

const modelId = '01a2048f-d06e-71c0-8d84-988dc029b872';

describe.each(['nano', 'tiny', 'sdxl'] as const)('with base model %s', (profile) => {
  it('offers only sizes that it can draw', () => {
    for (const { width, height } of sizeChoices(profile))
      expect([sizeFault(profile, width), sizeFault(profile, height)]).toEqual([null, null]);
  });

  it('sends its defaults as the API takes them', () => {
    const form = { ...defaultDraw(profile), prompt: ' a portrait ' };
    expect(drawFaults(t, form, profile)).toEqual({});
    expect(startGenerationInput.safeParse({ ...drawInput(form, modelId), idempotencyKey: '12345678' }).success).toBe(
      true,
    );
  });
});

it('names a seed that is none', () => {
  expect(drawFaults(t, { ...defaultDraw('nano'), prompt: 'x', seed: '-3' }, 'nano').seed).toContain('whole number');
  expect(drawInput({ ...defaultDraw('nano'), prompt: 'x', seed: '' }, modelId)).not.toHaveProperty('seed');
});

it('keeps a draft over a reload, and takes nothing from one that makes no sense', () => {
  const form = { ...defaultDraw('nano'), prompt: 'in the rain', styles: ['film'], n: 7, seed: '12' };
  expect(readDraft(JSON.stringify(form), 'nano')).toEqual(form);
  expect(readDraft(JSON.stringify({ ...form, width: 1024, height: 1024 }), 'nano')).toMatchObject({ width: 128 });
  expect(readDraft('{"n":"many","scheduler":"magic","styles":{}}', 'nano')).toEqual(defaultDraw('nano'));
  for (const text of [null, '', '[', '7', 'null']) expect(readDraft(text, 'nano')).toBeNull();
});

it('sends what a recipe says, with its seed or a new one', () => {
  const drawn = { ...defaultDraw('nano'), prompt: 'rain', styles: ['film'], steps: 9 };
  const { seed: _, styles: __, n: ___, ...recipe } = { ...drawn, prompt: drawInput(drawn, modelId).prompt };
  const again = { ...defaultDraw('nano'), ...formOfRecipe(recipe, 41, 'nano') };
  expect(drawInput(again, modelId)).toEqual({ ...drawInput(drawn, modelId), seed: 41 });
  expect(drawInput({ ...again, ...formOfRecipe(recipe, null, 'nano') }, modelId)).not.toHaveProperty('seed');
});
