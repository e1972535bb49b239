/** The studio's form as text fields, and what it sends. */
import {
  type GpuProfile,
  type ImageFormat,
  LIMITS,
  PROFILES,
  type SchedulerName,
  type StartGenerationInput,
  sizeFault,
} from '@pixgen/domain';

export const SCHEDULER_WORDS: Record<SchedulerName, string> = {
  euler: 'Euler',
  'dpmpp-2m-karras': 'DPM++ 2M Karras',
  ddim: 'DDIM',
};

export type DrawForm = {
  prompt: string;
  negativePrompt: string;
  n: number;
  width: number;
  height: number;
  steps: number;
  guidance: number;
  loraWeight: number;
  scheduler: SchedulerName;
  draft: boolean;
  format: ImageFormat;
  /** Empty = a new one each time. */
  seed: string;
};

export function defaultDraw(profile: GpuProfile): DrawForm {
  const { size, steps, guidance, scheduler } = PROFILES[profile];
  return {
    prompt: '',
    negativePrompt: '',
    n: 4,
    width: size.default,
    height: size.default,
    steps,
    guidance,
    loraWeight: 1,
    scheduler,
    draft: false,
    format: 'png',
    seed: '',
  };
}

/** What the form becomes when draft is turned on or off: steps and sampler go with it, and can still be changed. */
export function withDraft(draft: boolean, profile: GpuProfile): Partial<DrawForm> {
  const { steps, scheduler } = draft ? PROFILES[profile].draft : PROFILES[profile];
  return { draft, steps, scheduler };
}

/** Shapes that fit the profile, as near to its default area as its grid allows. */
export function sizeChoices(profile: GpuProfile): { label: string; width: number; height: number }[] {
  const { size } = PROFILES[profile];
  const fit = (edge: number) =>
    Math.min(size.max, Math.max(size.min, Math.round(edge / size.multipleOf) * size.multipleOf));
  const shapes = [
    ['Square', 1, 1],
    ['Portrait', 0.8, 1.25],
    ['Tall', 0.7, 1.4],
    ['Wide', 1.25, 0.8],
    ['Film', 1.4, 0.7],
  ] as const;
  const seen = new Set<string>();
  return shapes.flatMap(([label, w, h]) => {
    const width = fit(size.default * w);
    const height = fit(size.default * h);
    const key = `${width}x${height}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ label, width, height }];
  });
}

/** The first fault per field; empty when the form may be sent. */
export function drawFaults(form: DrawForm, profile: GpuProfile): Partial<Record<keyof DrawForm, string>> {
  const faults: Partial<Record<keyof DrawForm, string>> = {};
  const prompt = form.prompt.trim();
  if (prompt.length > LIMITS.prompt.max) faults.prompt = `Use at most ${LIMITS.prompt.max} characters.`;
  const size = sizeFault(profile, form.width) ?? sizeFault(profile, form.height);
  if (size) faults.width = size;
  const seed = Number(form.seed);
  if (form.seed.trim() !== '' && !(Number.isInteger(seed) && seed >= 0 && seed <= LIMITS.maxSeed)) {
    faults.seed = `Use a whole number from 0 to ${LIMITS.maxSeed}.`;
  }
  return faults;
}

/** What `generation.start` gets, without its key. */
export function drawInput(form: DrawForm, modelId: string): Omit<StartGenerationInput, 'idempotencyKey'> {
  const { seed, ...rest } = form;
  return { modelId, ...rest, prompt: form.prompt.trim(), ...(seed.trim() !== '' && { seed: Number(seed) }) };
}
