/** The studio's form as text fields, and what it sends. */
import {
  countWildcards,
  type DrawSettings,
  type GpuProfile,
  type ImageFormat,
  LIMITS,
  MAX_WILDCARD_PROMPTS,
  PROFILES,
  type SchedulerName,
  type StartGenerationInput,
  sizeFault,
  splitStyles,
  withStyles,
} from '@pixgen/domain';
import type { Messages, Words } from '@/language/messages';

export const SCHEDULER_WORDS: Record<SchedulerName, string> = {
  euler: 'Euler',
  'dpmpp-2m-karras': 'DPM++ 2M Karras',
  ddim: 'DDIM',
};

export const SCHEDULERS = Object.keys(SCHEDULER_WORDS) as SchedulerName[];

export type DrawForm = {
  prompt: string;
  /** Ids of styles that are put behind the prompt. */
  styles: string[];
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
    styles: [],
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

type SizeName = keyof Messages['studio']['sizes'];

/** Shapes that fit the profile, as near to its default area as its grid allows. */
export function sizeChoices(profile: GpuProfile): { name: SizeName; width: number; height: number }[] {
  const { size } = PROFILES[profile];
  const fit = (edge: number) =>
    Math.min(size.max, Math.max(size.min, Math.round(edge / size.multipleOf) * size.multipleOf));
  const shapes = [
    ['square', 1, 1],
    ['portrait', 0.8, 1.25],
    ['tall', 0.7, 1.4],
    ['wide', 1.25, 0.8],
    ['film', 1.4, 0.7],
  ] as const;
  const seen = new Set<string>();
  return shapes.flatMap(([name, w, h]) => {
    const width = fit(size.default * w);
    const height = fit(size.default * h);
    const key = `${width}x${height}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ name, width, height }];
  });
}

function hasSizeFault({ width, height }: DrawForm, profile: GpuProfile): boolean {
  return sizeFault(profile, width) !== null || sizeFault(profile, height) !== null;
}

/** The first fault per field; empty when the form may be sent. */
export function drawFaults(
  t: Words<'studio'>,
  form: DrawForm,
  profile: GpuProfile,
): Partial<Record<keyof DrawForm, string>> {
  const faults: Partial<Record<keyof DrawForm, string>> = {};
  const prompt = withStyles(form.prompt, form.styles);
  if (prompt.length > LIMITS.prompt.max) faults.prompt = t('tooLong', { max: LIMITS.prompt.max });
  else if (countWildcards(prompt) > MAX_WILDCARD_PROMPTS)
    faults.prompt = t('tooManyChoices', { max: MAX_WILDCARD_PROMPTS });
  if (hasSizeFault(form, profile)) faults.width = t('badSize', PROFILES[profile].size);
  const seed = Number(form.seed);
  if (form.seed.trim() !== '' && !(Number.isInteger(seed) && seed >= 0 && seed <= LIMITS.maxSeed)) {
    faults.seed = t('badSeed', { max: LIMITS.maxSeed });
  }
  return faults;
}

/** What `generation.start` gets, without its key. */
export function drawInput(form: DrawForm, modelId: string): Omit<StartGenerationInput, 'idempotencyKey'> {
  const { seed, styles, ...rest } = form;
  return {
    modelId,
    ...rest,
    prompt: withStyles(form.prompt, styles),
    ...(seed.trim() !== '' && { seed: Number(seed) }),
  };
}

type Recipe = Omit<DrawSettings, 'seed'> & { prompt: string };

/** What changes in the form to draw a recipe again; an empty seed draws other pictures of it. */
export function formOfRecipe(recipe: Recipe, seed: number | null, profile: GpuProfile): Partial<DrawForm> {
  const { prompt, styles } = splitStyles(recipe.prompt);
  const { negativePrompt, steps, guidance, loraWeight, scheduler, draft, format, width, height } = recipe;
  const fits = sizeFault(profile, width) === null && sizeFault(profile, height) === null;
  const size = PROFILES[profile].size.default;
  const edges = fits ? { width, height } : { width: size, height: size };
  const rest = { negativePrompt, steps, guidance, loraWeight, scheduler, draft, format };
  return { ...rest, ...edges, prompt, styles, seed: seed === null ? '' : String(seed) };
}

/** A stored draft as far as it still makes sense. */
export function readDraft(text: string | null, profile: GpuProfile): DrawForm | null {
  try {
    const stored: unknown = JSON.parse(text ?? 'null');
    if (typeof stored !== 'object' || stored === null) return null;
    const usual = defaultDraw(profile);
    const known = Object.entries(stored).filter(
      ([name, value]) => name in usual && typeof value === typeof usual[name as keyof DrawForm],
    );
    const form = { ...usual, ...Object.fromEntries(known) } as DrawForm;
    if (!Array.isArray(form.styles)) form.styles = [];
    if (!SCHEDULERS.includes(form.scheduler)) form.scheduler = usual.scheduler;
    // Sizes of another base model.
    return hasSizeFault(form, profile) ? { ...form, width: usual.width, height: usual.height } : form;
  } catch {
    return null;
  }
}
