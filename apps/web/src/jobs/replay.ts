/** The same order once more, as it was: what a job that succeeded was ordered with. */
import type {
  GenerationView,
  RunPackInput,
  StartGenerationInput,
  StartTrainingInput,
  TrainingView,
} from '@pixgen/domain';

export type Replay =
  | { kind: 'train'; input: Omit<StartTrainingInput, 'idempotencyKey'> }
  | { kind: 'generate'; input: Omit<StartGenerationInput, 'idempotencyKey'>; images: number }
  | { kind: 'pack'; input: Omit<RunPackInput, 'idempotencyKey'>; images: number };

/** With every setting spelled out, the seed among them; the photos are those that the model has now. */
export function replayOfTraining({ modelId, preset, settings }: TrainingView): Replay {
  return { kind: 'train', input: { modelId, preset, overrides: settings } };
}

/** Of a pack, its newest version is run. */
export function replayOfGeneration({ modelId, prompt, pack, settings, counts, images }: GenerationView): Replay {
  if (!pack) {
    const input = { modelId, prompt: prompt ?? '', n: counts.planned, ...settings };
    return { kind: 'generate', input, images: counts.planned };
  }
  return {
    kind: 'pack',
    input: { slug: pack.slug, modelId, n: perPrompt(images, counts.planned), ...settings },
    images: counts.planned,
  };
}

/** How many pictures a run drew of each prompt; images that were deleted since are not among those that are told. */
export function perPrompt(images: GenerationView['images'], planned: number): number {
  const prompts = new Map<string, number>();
  for (const { prompt } of images) prompts.set(prompt, (prompts.get(prompt) ?? 0) + 1);
  const most = Math.max(1, ...prompts.values());
  return Math.min(most, Math.max(1, planned));
}
