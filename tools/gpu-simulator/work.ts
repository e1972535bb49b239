/** The work itself, simulated: pictures and weights that depend on the order, in the time the configuration says. */
import { createHash } from 'node:crypto';
import {
  type GenerateOrder,
  hasPlateaued,
  type ImageEvent,
  isMeasuredStep,
  newId,
  PLATEAU,
  type PlannedImage,
  type StoredObject,
  type SucceededEvent,
  type TrainOrder,
  type WorkOrder,
} from '@pixgen/domain';
import sharp from 'sharp';
import { fetchSource, uploadObject } from './api.ts';
import { type Call, type Claim, passPoint, pause, WorkFailure, type World } from './call.ts';
import { sendDurable, sendLossy } from './events.ts';
import { seededRandom } from './faults.ts';
import { drawSimulatedPng, type SimulatedRecipe } from './png.ts';
import { writeSafetensors } from './safetensors.ts';

const MAX_LOSS_POINTS = 500;
/** Inner width of the simulated layers; real ones have 320 to 1280. */
const LAYER_WIDTH = 16;

/** @throws {WorkFailure} for a failure to be reported */
export async function doWork(world: World, call: Call, claim: Claim): Promise<SucceededEvent> {
  const { order } = claim;
  const { failJob } = world.config;
  await enter(world, call, claim, 'loading');
  if (failJob && call.random() < failJob.probability) throw new WorkFailure(failJob.code, failJob.retryable);
  if (world.config.fetchSources) {
    await enter(world, call, claim, 'downloading');
    const sources =
      order.kind === 'train' ? [...order.photos, ...(order.resume ? [order.resume] : [])] : [order.weights];
    for (const source of sources) await fetchSource(world, source);
  }
  return order.kind === 'train' ? train(world, call, claim, order) : generate(world, call, claim, order);
}

const HOLD_CHECK_MS = 50;

async function enter(world: World, call: Call, claim: Claim, phase: Claim['phase']): Promise<void> {
  claim.phase = phase;
  while (world.config.holdAt === phase) await pause(call, HOLD_CHECK_MS);
}

/** The head that every event of one claim shares. */
export function eventHead(order: WorkOrder): { jobId: string; attempt: number; claimEpoch: number } {
  return { jobId: order.jobId, attempt: order.attempt, claimEpoch: order.claimEpoch };
}

export function gpuMsOf(claim: Claim): number {
  return Math.round(performance.now() - claim.grantedAt);
}

async function train(world: World, call: Call, claim: Claim, order: TrainOrder): Promise<SucceededEvent> {
  const { steps: ordered, seed } = order.settings;
  const loss = lossCurve(seed, ordered);
  const likeness = likenessCurve(order);
  // The curve is a function of the step, so what was measured before a restart is known without a file.
  const stopsAt = order.settings.stopEarly ? plateauStep(likeness, ordered) : null;
  const steps = stopsAt ?? ordered;
  await enter(world, call, claim, 'training');
  let step = Math.min(order.resume?.step ?? 0, steps);
  let checkpointStep = step;
  let checkpointAt = performance.now();
  let keptStep = step;
  const middle = step + Math.ceil((steps - step) / 2);
  let passedMiddle = false;
  while (step < steps) {
    const next = Math.min(
      nextStop(world, step, steps, passedMiddle ? steps : middle, checkpointStep),
      order.settings.stopEarly ? nextMeasuredStep(step, ordered) : steps,
    );
    await pause(call, (next - step) * world.config.stepMs);
    step = next;
    reportProgress(world, call, claim, step, ordered, loss(step), []);
    const { checkpointEverySteps } = world.config;
    const due =
      performance.now() - checkpointAt >= order.settings.checkpointEveryMs ||
      (checkpointEverySteps !== null && step - checkpointStep >= checkpointEverySteps);
    if (due && step < steps) {
      const object = await putWeights(world, call, order, 'checkpoint', step);
      await sendDurable(world, call, claim, {
        type: 'checkpoint',
        ...eventHead(order),
        step,
        object,
        loss: loss(step),
      });
      checkpointStep = step;
      checkpointAt = performance.now();
    }
    const measured = order.settings.stopEarly
      ? isMeasuredStep(step, ordered)
      : due && step - keptStep >= ordered / PLATEAU.rounds;
    if (measured && step < steps) {
      keptStep = step;
      const object = await putWeights(world, call, order, 'weights', step);
      const kept = { type: 'weights', ...eventHead(order), step, object, likeness: likeness(step) } as const;
      await sendDurable(world, call, claim, kept);
    }
    if (!passedMiddle && step >= middle) {
      passedMiddle = true;
      await passPoint(world, call, 'midTrain');
    }
  }
  await enter(world, call, claim, 'sampling');
  await drawSamples(world, call, claim, order, steps);
  await enter(world, call, claim, 'saving');
  const weights = await putWeights(world, call, order, 'weights', steps);
  const kohyaWeights = await putWeights(world, call, order, 'kohya-weights', steps);
  const stride = Math.ceil(steps / MAX_LOSS_POINTS);
  const lossHistory: [number, number][] = [];
  for (let at = stride; at <= steps; at += stride) lossHistory.push([at, loss(at)]);
  const training = { weights, kohyaWeights, steps, likeness: likeness(steps), lossHistory };
  return { type: 'succeeded', ...eventHead(order), gpuMs: gpuMsOf(claim), training, images: [] };
}

/** How far to work before looking around: one timer per stop, not per step. */
function nextStop(world: World, step: number, steps: number, middle: number, checkpointStep: number): number {
  const { stepMs, progressMs, checkpointEverySteps } = world.config;
  const stops = [steps];
  if (middle > step) stops.push(middle);
  if (checkpointEverySteps !== null) stops.push(checkpointStep + checkpointEverySteps);
  if (stepMs > 0) stops.push(step + Math.max(1, Math.floor(Math.min(progressMs, 1000) / stepMs)));
  return Math.max(step + 1, Math.min(...stops));
}

function lossCurve(seed: number, steps: number): (step: number) => number {
  return (step) => {
    const noise = seededRandom(seed, step)() * 0.02;
    return Number((0.06 + 0.2 * Math.exp((-3 * step) / steps) + noise).toFixed(5));
  };
}

/** Rises fast at first, then hardly: by five eighths of the steps it has reached its plateau. */
function likenessCurve({ settings }: TrainOrder): (step: number) => number | null {
  const { steps, seed, samplePrompts } = settings;
  const top = 0.82 + (seed % 10) / 100;
  return (step) =>
    samplePrompts.length === 0 ? null : Number((top * (1 - Math.exp((-10 * step) / steps))).toFixed(4));
}

/** Where the rule ends a training; null when it never does. */
function plateauStep(likeness: (step: number) => number | null, steps: number): number | null {
  const scored: { step: number; likeness: number | null }[] = [];
  for (let step = 1; step < steps; step++) {
    if (!isMeasuredStep(step, steps)) continue;
    scored.push({ step, likeness: likeness(step) });
    if (hasPlateaued(scored, steps)) return step;
  }
  return null;
}

function nextMeasuredStep(step: number, steps: number): number {
  for (let next = step + 1; next < steps; next++) if (isMeasuredStep(next, steps)) return next;
  return steps;
}

async function putWeights(
  world: World,
  call: Call,
  order: TrainOrder,
  purpose: 'weights' | 'kohya-weights' | 'checkpoint',
  step: number,
): Promise<StoredObject> {
  const { rank, seed } = order.settings;
  const random = seededRandom(seed, step);
  const fill = (length: number) => Float32Array.from({ length }, () => random() * 0.02 - 0.01);
  const layer = 'unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q';
  const file = writeSafetensors(
    {
      [`${layer}.lora_A.weight`]: { shape: [rank, LAYER_WIDTH], data: fill(rank * LAYER_WIDTH) },
      [`${layer}.lora_B.weight`]: { shape: [LAYER_WIDTH, rank], data: fill(rank * LAYER_WIDTH) },
    },
    {
      'pixgen.simulated': 'true',
      'pixgen.trigger_word': order.triggerWord,
      'pixgen.class_word': order.classWord,
      'pixgen.profile': order.profile,
      'pixgen.steps': String(step),
      'pixgen.settings': JSON.stringify(order.settings),
    },
  );
  const what = { purpose, imageId: null, step, contentType: 'application/octet-stream' } as const;
  return uploadObject(world, call, order, what, file);
}

/** One picture per sample prompt, of the trained state. */
async function drawSamples(world: World, call: Call, claim: Claim, order: TrainOrder, step: number): Promise<void> {
  const { samplePrompts, seed, resolution: edge } = order.settings;
  for (const [index, prompt] of samplePrompts.entries()) {
    const png = drawSimulatedPng(JSON.stringify([prompt, seed, step]), edge, edge);
    const what = { purpose: 'sample', imageId: newId(), step, contentType: 'image/png' } as const;
    const object = await uploadObject(world, call, order, what, png);
    const sample = { type: 'sample', ...eventHead(order), step, index, object, width: edge, height: edge } as const;
    await sendDurable(world, call, claim, sample);
  }
}

async function generate(world: World, call: Call, claim: Claim, order: GenerateOrder): Promise<SucceededEvent> {
  await enter(world, call, claim, 'sampling');
  const images: SucceededEvent['images'] = [];
  const middle = Math.floor(order.images.length / 2);
  for (const [index, planned] of order.images.entries()) {
    if (index === middle) await passPoint(world, call, 'midTrain');
    const result = await drawImage(world, call, claim, order, planned);
    images.push({ imageId: planned.imageId, result });
    // The end follows at once and tells of every image: one that came last and is there needs no event of its own.
    if (images.length === order.images.length && result.status === 'succeeded') break;
    await sendDurable(world, call, claim, { type: 'image', ...eventHead(order), imageId: planned.imageId, result });
  }
  return { type: 'succeeded', ...eventHead(order), gpuMs: gpuMsOf(claim), training: null, images };
}

async function drawImage(
  world: World,
  call: Call,
  claim: Claim,
  order: GenerateOrder,
  planned: PlannedImage,
): Promise<ImageEvent['result']> {
  const { failImage, imageMs } = world.config;
  if (failImage && call.random() < failImage.probability)
    return { status: 'failed', code: failImage.code, safety: null };
  const startedAt = performance.now();
  if (imageMs > 0) {
    // Half-way is a step that a person can see; a picture here has no other.
    await pause(call, imageMs / 2);
    reportProgress(world, call, claim, Math.ceil(order.steps / 2), order.steps, null, [planned.imageId]);
    await sendPreview(world, call, claim, order, planned);
    await pause(call, imageMs / 2);
  }
  const recipe = recipeOf(order, planned);
  const png = drawSimulatedPng(pictureKey(order, planned), order.width, order.height, recipe);
  const what = { purpose: 'image', imageId: planned.imageId, step: null, contentType: 'image/png' } as const;
  const stored = await uploadObject(world, call, order, what, png);
  const gpuMs = Math.round(performance.now() - startedAt);
  return { status: 'succeeded', ...stored, width: order.width, height: order.height, gpuMs, safety: null };
}

/** As a real GPU: at most one event per second, each picture a few kB of WebP. */
const PREVIEW_EVERY_MS = 1_000;
const PREVIEW_EDGE_PX = 128;

async function sendPreview(world: World, call: Call, claim: Claim, order: GenerateOrder, planned: PlannedImage) {
  const now = performance.now();
  if (now - claim.lastPreviewAt < PREVIEW_EVERY_MS) return;
  claim.lastPreviewAt = now;
  const scale = PREVIEW_EDGE_PX / Math.max(order.width, order.height, PREVIEW_EDGE_PX);
  const [width, height] = [order.width, order.height].map((edge) => Math.max(8, Math.round((edge * scale) / 8) * 8));
  const png = drawSimulatedPng(pictureKey(order, planned), width ?? 8, height ?? 8);
  const webp = await sharp(png).blur(3).webp({ quality: 40 }).toBuffer();
  const images = [{ imageId: planned.imageId, webp: webp.toString('base64') }];
  sendLossy(world, call, claim, { type: 'preview', ...eventHead(order), images });
}

/** The fields that the real code writes; nobody else could draw the picture again from them. */
function recipeOf(order: GenerateOrder, { prompt, negativePrompt, seed }: PlannedImage): SimulatedRecipe {
  const { steps, guidance, scheduler, draft, width, height, weights } = order;
  const lora = { loraWeight: weights.weight, loraSha256: weights.sha256 ?? '' };
  const made = { baseModel: 'simulator', batchSize: 1, device: 'simulator' };
  return { prompt, negativePrompt, seed, steps, guidance, scheduler, draft, width, height, ...lora, ...made };
}

/** Everything that would change a real picture. */
function pictureKey(order: GenerateOrder, { prompt, negativePrompt, seed }: PlannedImage): string {
  const { weight, sha256 } = order.weights;
  const lora = weight === 0 ? 'off' : (sha256 ?? createHash('sha256').update(prompt).digest('base64'));
  return JSON.stringify([prompt, negativePrompt, seed, weight, lora, order.steps, order.guidance, order.scheduler]);
}

function reportProgress(
  world: World,
  call: Call,
  claim: Claim,
  step: number,
  totalSteps: number,
  loss: number | null,
  imageIds: string[],
): void {
  const now = performance.now();
  if (now - claim.lastProgressAt < world.config.progressMs) return;
  claim.lastProgressAt = now;
  const { phase } = claim;
  sendLossy(world, call, claim, {
    type: 'progress',
    ...eventHead(claim.order),
    phase,
    step,
    totalSteps,
    loss,
    imageIds,
  });
}
