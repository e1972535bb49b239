import type { GenerationView, TrainingView } from '@pixgen/domain';
import { startTrainingInput } from '@pixgen/domain';
import { expect, it } from 'vitest';
import { perPrompt, replayOfGeneration, replayOfTraining } from './replay';

const settings = {
  negativePrompt: 'blurry',
  seed: 7,
  steps: 20,
  guidance: 5,
  width: 512,
  height: 640,
  loraWeight: 0.8,
  scheduler: 'euler',
  draft: false,
  format: 'webp',
} as const;
const images = ['a', 'a', 'b'].map((prompt) => ({ prompt })) as GenerationView['images'];
const generation = (change: Partial<GenerationView>) =>
  ({
    modelId: 'm',
    prompt: 'rain',
    pack: null,
    settings,
    counts: { planned: 4, ready: 4, failed: 0 },
    images,
    ...change,
  }) as GenerationView;

it('orders pictures again with the same words, number, seed and settings', () => {
  expect(replayOfGeneration(generation({}))).toEqual({
    kind: 'generate',
    input: { modelId: 'm', prompt: 'rain', n: 4, ...settings },
    images: 4,
  });
});

it('runs a pack again with as many pictures per prompt, also when some of them were deleted since', () => {
  const pack = { slug: 'film', name: 'Film', version: 2 };
  expect(replayOfGeneration(generation({ pack, prompt: null }))).toEqual({
    kind: 'pack',
    input: { slug: 'film', modelId: 'm', n: 2, ...settings },
    images: 4,
  });
  expect([perPrompt([], 4), perPrompt(images, 1)]).toEqual([1, 1]);
});

it('trains again with every setting as it was, in a form that the API takes', () => {
  const whole = {
    steps: 100,
    rank: 8,
    learningRate: 1e-4,
    resolution: 256,
    batchSize: 1,
    priorWeight: 0,
    captions: 'template',
    checkpointEveryMs: 60_000,
    samplePrompts: ['{subject} in rain'],
    stopEarly: false,
    seed: 3,
  } as const;
  const modelId = '0198a1b2-0000-7000-8000-000000000000';
  const replay = replayOfTraining({ modelId, preset: 'fast', settings: whole } as unknown as TrainingView);
  expect(replay).toEqual({ kind: 'train', input: { modelId, preset: 'fast', overrides: whole } });
  expect(startTrainingInput.parse({ ...replay.input, idempotencyKey: modelId })).toMatchObject({ overrides: whole });
});
