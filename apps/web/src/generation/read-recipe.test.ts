import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readRecipe } from './read-recipe';

const file = (name: string) => new Uint8Array(readFileSync(new URL(`./recipes/${name}`, import.meta.url)));

// Written by `image_file` of gpu/pixgen_gpu/provenance.py.
describe.each(['png', 'webp'] as const)('a %s that the GPU wrote', (format) => {
  it('gives its recipe back, with the subject where the trigger word stood', () => {
    expect(readRecipe(file(`drawn.${format}`))).toEqual({
      triggerWord: 'sks_abc234',
      prompt: 'a portrait of {subject} in the "rain" & <snow>, 日本',
      negativePrompt: "it's blurry",
      seed: 4_294_967_295,
      steps: 12,
      guidance: 4.5,
      width: 192,
      height: 256,
      loraWeight: 0.85,
      scheduler: 'dpmpp-2m-karras',
      draft: true,
      format,
    });
  });

  it('is no picture of ours when it is cut off, and never an error', () => {
    const whole = file(`drawn.${format}`);
    for (let length = 0; length < Math.min(whole.length, 60); length += 1)
      expect(readRecipe(whole.slice(0, length))).toBeNull();
  });
});

it('knows a picture of somebody else', () => {
  expect(readRecipe(new TextEncoder().encode('not a picture'))).toBeNull();
});
