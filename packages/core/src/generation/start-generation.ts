import { randomInt } from 'node:crypto';
import {
  findGenerationOfJob,
  findJob,
  findPackVersion,
  type OwnedModelRow,
  type PlannedImageRow,
  readImagesBefore,
} from '@pixgen/db';
import {
  AppError,
  compilePrompt,
  countWildcards,
  DEADLINES,
  type DrawSettings,
  expandWildcards,
  fieldRefusal,
  type GenerationView,
  type GpuProfile,
  LIMITS,
  MAX_WILDCARD_PROMPTS,
  newId,
  notFound,
  PROFILES,
  type RunPackInput,
  type StartGenerationInput,
  say,
  seedAt,
  sizeFault,
  withoutEscapes,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { acceptJob, orStoredAnswer, sharedReplay } from '../jobs/accept-job.ts';
import { acceptedGenerationView } from './generation-view.ts';
import { assertPromptsAllowed } from './judge-prompts.ts';

type DrawInput = Pick<StartGenerationInput, keyof DrawSettings>;
type Pinned = { id: string; version: number; pack: { slug: string; name: string } } | null;

/**
 * Accepts an order for images of the caller's own trained model.
 *
 * @throws AppError NOT_FOUND (absent or foreign model), MODEL_NOT_READY, PROMPT_REFUSED, INVALID_INPUT (size), or what
 *   acceptance throws
 */
export async function startGeneration(deps: Deps, actor: Actor, input: StartGenerationInput): Promise<GenerationView> {
  const prompts = Array.from({ length: input.n }, () => input.prompt);
  const order = { draw: input, prompts, prompt: input.prompt, pinned: null };
  return accept(deps, actor, 'generation.start', input, async () => order);
}

/** Accepts a pack run: one generation with the prompts of the pack's newest version, `n` images for each. */
export async function runPack(deps: Deps, actor: Actor, input: RunPackInput): Promise<GenerationView> {
  return accept(deps, actor, 'packs.run', input, async () => {
    const pinned = await findPackVersion(deps.db, input.slug);
    if (!pinned) throw notFound('pack');
    const prompts = pinned.prompts.flatMap((prompt) => Array.from({ length: input.n }, () => prompt));
    const draw = { ...input, negativePrompt: input.negativePrompt || pinned.negativePrompt };
    return { draw, prompts, prompt: null, pinned };
  });
}

/** The same for one version of a pack, in the usual settings; the key names the order that it is run for. */
export async function runPackVersion(
  deps: Deps,
  owner: Actor,
  input: { modelId: string; n: number; idempotencyKey: string },
  version: { prompts: string[]; negativePrompt: string } & NonNullable<Pinned>,
): Promise<GenerationView> {
  return accept(deps, owner, 'packs.run', { ...input, packVersionId: version.id }, async () => {
    const prompts = version.prompts.flatMap((prompt) => Array.from({ length: input.n }, () => prompt));
    const draw = { negativePrompt: version.negativePrompt, loraWeight: 1 };
    return { draw, prompts, prompt: null, pinned: version };
  });
}

type Order = { draw: DrawInput; prompts: string[]; prompt: string | null; pinned: Pinned };

async function accept(
  deps: Deps,
  actor: Actor,
  procedure: string,
  input: { modelId: string; idempotencyKey: string; packVersionId?: string },
  read: () => Promise<Order>,
): Promise<GenerationView> {
  const { userId } = actor;
  const call = { userId, procedure, idempotencyKey: input.idempotencyKey, body: input };
  const replay = sharedReplay(userId, (jobId) => acceptedGeneration(deps, actor, jobId));
  return orStoredAnswer(deps, call, replay, async () => {
    const order = await read();
    assertCount(order.prompts.length);
    const model = await deps.jobs.readOwnedModel({ modelId: input.modelId, userId });
    if (!model) throw notFound('model');
    if (model.weightsId === null || model.weightsProfile === null) {
      throw new AppError('MODEL_NOT_READY', say`This model has no weights yet. Train it first, then make images.`);
    }
    const seed = order.draw.seed ?? randomInt(LIMITS.maxSeed + 1);
    const prompts = order.prompt === null ? order.prompts : expand(order.prompts, seed);
    // What was written as well as what comes of it: a choice must not hide a word, nor put one together.
    const judged = order.prompt === null ? prompts : [order.prompt, ...prompts];
    await assertPromptsAllowed(deps, judged, model.classWord, order.pinned ? null : userId);
    const settings = drawSettings(model.weightsProfile as GpuProfile, { ...order.draw, seed });
    const planned = plan(model, prompts, seed);
    const orderId = newId();
    const pins = { weightsId: model.weightsId, packVersionId: order.pinned?.id ?? null, prompt: order.prompt };
    const answer = await acceptJob(deps, {
      ...call,
      kind: 'generate',
      orderId,
      modelId: model.id,
      retryOf: null,
      holdMicroUsd: planned.length * deps.config.prices.imageMicroUsd,
      deadlineMs: DEADLINES.generateJobMs,
      generation: { ...pins, ...settings, planned },
      training: null,
    });
    if (answer.outcome === 'replayed') return replay(answer.jobId);
    const row = {
      id: orderId,
      userId,
      modelId: model.id,
      ...pins,
      ...settings,
      seed: BigInt(settings.seed),
      createdAt: answer.at,
      model: { name: model.name },
      packVersion: order.pinned,
    };
    return acceptedGenerationView(row, planned, [], { id: answer.jobId, createdAt: answer.at });
  });
}

/** The answer that the first call with a key got, rebuilt from what it wrote. */
export async function acceptedGeneration(deps: Deps, actor: Actor, jobId: string): Promise<GenerationView> {
  const row = await findGenerationOfJob(deps.db, actor.userId, jobId);
  // Nearly always the newest one.
  const job = row?.jobs.find(({ id }) => id === jobId) ?? (await findJob(deps.db, actor.userId, jobId));
  if (!row || !job) throw notFound('generation');
  const drawn = await readImagesBefore(deps.db, row, jobId);
  return acceptedGenerationView(row, row.planned as PlannedImageRow[], drawn, job);
}

/** A GPU refuses an order of more. */
function assertCount(images: number): void {
  const { max } = LIMITS.imagesPerGeneration;
  if (images > max)
    throw new AppError('INVALID_INPUT', say`Use at most ${max} pictures at once; this would be ${images}.`);
}

/**
 * Image i gets the choices of seed + i, as it is drawn with that seed.
 *
 * @throws AppError INVALID_INPUT for more variants than anybody means
 */
function expand(prompts: string[], seed: number): string[] {
  const variants = countWildcards(prompts[0] ?? '');
  if (variants > MAX_WILDCARD_PROMPTS)
    throw fieldRefusal(
      'prompt',
      say`This prompt stands for more than ${MAX_WILDCARD_PROMPTS} prompts. Use fewer choices.`,
    );
  return prompts.map((prompt, index) => expandWildcards(prompt, seedAt(seed, index)));
}

function drawSettings(profileName: GpuProfile, draw: DrawInput & { seed: number }) {
  const profile = PROFILES[profileName];
  const width = draw.width ?? profile.size.default;
  const height = draw.height ?? profile.size.default;
  for (const [path, edge] of [
    ['width', width],
    ['height', height],
  ] as const) {
    const fault = sizeFault(profileName, edge);
    if (fault) throw fieldRefusal(path, fault);
  }
  const draft = draw.draft ?? false;
  const usual = draft ? profile.draft : profile;
  return {
    negativePrompt: draw.negativePrompt,
    seed: draw.seed,
    steps: draw.steps ?? usual.steps,
    guidance: draw.guidance ?? profile.guidance,
    width,
    height,
    loraWeight: draw.loraWeight,
    scheduler: draw.scheduler ?? usual.scheduler,
    draft,
    format: draw.format ?? ('png' as const),
  };
}

/** Image i gets seed + i, so that every image of an order can be drawn again alone. */
function plan(model: OwnedModelRow, prompts: string[], seed: number): PlannedImageRow[] {
  return prompts.map((prompt, index) => ({
    imageId: newId(),
    prompt,
    compiledPrompt: compilePrompt(withoutEscapes(prompt), model),
    seed: seedAt(seed, index),
  }));
}
