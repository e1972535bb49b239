import { randomInt } from 'node:crypto';
import { findGenerationOfJob, findPackVersion, type OwnedModelRow, type PlannedImageRow } from '@pixgen/db';
import {
  AppError,
  compilePrompt,
  DEADLINES,
  type GenerationView,
  type GpuProfile,
  LIMITS,
  newId,
  notFound,
  PROFILES,
  type RunPackInput,
  type StartGenerationInput,
  seedAt,
  sizeFault,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { acceptJob } from '../jobs/accept-job.ts';
import { acceptedGenerationView } from './generation-view.ts';

type DrawInput = Pick<
  StartGenerationInput,
  'negativePrompt' | 'seed' | 'steps' | 'guidance' | 'width' | 'height' | 'loraWeight'
>;
type Pinned = { id: string; version: number; pack: { slug: string; name: string } } | null;

/**
 * Accepts an order for images of the caller's own trained model.
 *
 * @throws AppError NOT_FOUND (absent or foreign model), MODEL_NOT_READY, INVALID_INPUT (size), or what acceptance throws
 */
export async function startGeneration(deps: Deps, actor: Actor, input: StartGenerationInput): Promise<GenerationView> {
  const prompts = Array.from({ length: input.n }, () => input.prompt);
  return accept(deps, actor, {
    procedure: 'generation.start',
    input,
    draw: input,
    prompts,
    prompt: input.prompt,
    pinned: null,
  });
}

/** Accepts a pack run: one generation with the prompts of the pack's newest version, `n` images for each. */
export async function runPack(deps: Deps, actor: Actor, input: RunPackInput): Promise<GenerationView> {
  const pinned = await findPackVersion(deps.db, input.slug);
  if (!pinned) throw notFound('pack');
  const prompts = pinned.prompts.flatMap((prompt) => Array.from({ length: input.n }, () => prompt));
  const draw = { ...input, negativePrompt: input.negativePrompt || pinned.negativePrompt };
  return accept(deps, actor, { procedure: 'packs.run', input, draw, prompts, prompt: null, pinned });
}

type Order = {
  procedure: string;
  input: { modelId: string; idempotencyKey: string };
  draw: DrawInput;
  prompts: string[];
  prompt: string | null;
  pinned: Pinned;
};

async function accept(deps: Deps, actor: Actor, order: Order): Promise<GenerationView> {
  const model = await deps.jobs.readOwnedModel({ modelId: order.input.modelId, userId: actor.userId });
  if (!model) throw notFound('model');
  if (model.weightsId === null || model.weightsProfile === null) {
    throw new AppError('MODEL_NOT_READY', 'This model has no weights yet. Train it first, then make images.');
  }
  const settings = drawSettings(model.weightsProfile as GpuProfile, order.draw);
  const planned = plan(model, order.prompts, settings.seed);
  const generationId = newId();
  const holdMicroUsd = planned.length * deps.config.prices.imageMicroUsd;
  const answer = await acceptJob(deps, {
    userId: actor.userId,
    procedure: order.procedure,
    idempotencyKey: order.input.idempotencyKey,
    body: order.input,
    kind: 'generate',
    orderId: generationId,
    modelId: model.id,
    retryOf: null,
    holdMicroUsd,
    deadlineMs: DEADLINES.generateJobMs,
    generation: {
      weightsId: model.weightsId,
      packVersionId: order.pinned?.id ?? null,
      prompt: order.prompt,
      ...settings,
      planned,
    },
    training: null,
  });
  if (answer.outcome === 'replayed') return replay(deps, actor, answer.jobId);
  const row = {
    id: generationId,
    userId: actor.userId,
    modelId: model.id,
    weightsId: model.weightsId,
    packVersionId: order.pinned?.id ?? null,
    prompt: order.prompt,
    ...settings,
    seed: BigInt(settings.seed),
    createdAt: answer.at,
    model: { name: model.name },
    packVersion: order.pinned,
  };
  return acceptedGenerationView(row, planned, answer.jobId);
}

/** The answer that the first call with this key got, rebuilt from what it wrote. */
async function replay(deps: Deps, actor: Actor, jobId: string): Promise<GenerationView> {
  const row = await findGenerationOfJob(deps.db, actor.userId, jobId);
  if (!row) throw notFound('generation');
  return acceptedGenerationView(row, row.planned as PlannedImageRow[], jobId);
}

function drawSettings(profileName: GpuProfile, draw: DrawInput) {
  const profile = PROFILES[profileName];
  const width = draw.width ?? profile.size.default;
  const height = draw.height ?? profile.size.default;
  for (const [path, edge] of [
    ['width', width],
    ['height', height],
  ] as const) {
    const fault = sizeFault(profileName, edge);
    if (fault) throw new AppError('INVALID_INPUT', `${path}: ${fault}`, { fields: [{ path, message: fault }] });
  }
  return {
    negativePrompt: draw.negativePrompt,
    seed: draw.seed ?? randomInt(LIMITS.maxSeed + 1),
    steps: draw.steps ?? profile.steps,
    guidance: draw.guidance ?? profile.guidance,
    width,
    height,
    loraWeight: draw.loraWeight,
  };
}

/** Image i gets seed + i, so that every image of an order can be drawn again alone. */
function plan(model: OwnedModelRow, prompts: string[], seed: number): PlannedImageRow[] {
  return prompts.map((prompt, index) => ({
    imageId: newId(),
    prompt,
    compiledPrompt: compilePrompt(prompt, model),
    seed: seedAt(seed, index),
  }));
}
