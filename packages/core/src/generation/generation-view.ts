import { asJobRow, type GenerationRow, type PlannedImageRow } from '@pixgen/db';
import {
  type DrawSettings,
  describeFailure,
  type GenerationView,
  type ImageFormat,
  type ImageView,
  isFinal,
  type JobView,
  type SchedulerName,
} from '@pixgen/domain';
import type { Progress } from '@pixgen/queue';
import { acceptedJobView, toJobView } from '../jobs/job-view.ts';

type GenerationCore = Omit<GenerationRow, 'images' | 'jobs' | 'planned'>;

/** Deleted for good, by its owner or an operator: no retry draws it again, and it is missing to nobody. */
export function isGone(image: { state: string; deletedAt: Date | string | null }): boolean {
  return image.deletedAt !== null && image.state !== 'ready';
}

/** A generation as it stands now. */
export function toGenerationView(row: GenerationRow, progress: Map<string, Progress>): GenerationView {
  const job = row.jobs[0];
  if (!job) throw new Error(`generation ${row.id} has no job`);
  return viewOf(row, row.planned as PlannedImageRow[], row.images, toJobView(asJobRow(job), progress.get(job.id)));
}

/** A generation as it was when its job was accepted. */
export function acceptedGenerationView(
  row: GenerationCore,
  planned: PlannedImageRow[],
  drawnBefore: GenerationRow['images'],
  { id, createdAt }: { id: string; createdAt: Date },
): GenerationView {
  const job = acceptedJobView({ id, kind: 'generate', orderId: row.id, createdAt: createdAt.toISOString() });
  return viewOf(row, planned, drawnBefore, job);
}

function viewOf(
  row: GenerationCore,
  planned: PlannedImageRow[],
  drawn: GenerationRow['images'],
  job: JobView,
): GenerationView {
  const byId = new Map(drawn.map((image) => [image.id, image]));
  // What a job that ended did not draw will not come any more.
  const missing = isFinal(job.state) ? 'failed' : 'planned';
  const images = planned.map((plan, position): ImageView => {
    const image = byId.get(plan.imageId);
    return {
      id: plan.imageId,
      generationId: row.id,
      modelId: row.modelId,
      position,
      state: image ? (image.state as 'ready' | 'failed') : missing,
      prompt: plan.prompt,
      compiledPrompt: plan.compiledPrompt,
      seed: plan.seed,
      // A failed picture has no size of its own; its place keeps the shape that was ordered.
      width: image?.width || row.width,
      height: image?.height || row.height,
      favourite: image?.favourite ?? false,
      rating: image?.rating ?? null,
      thumbhash: image?.thumbhash ? Buffer.from(image.thumbhash).toString('base64') : null,
      failure: image
        ? failureOf(image.failureCode)
        : missing === 'failed'
          ? failureOf(job.failure?.code ?? 'GPU_INTERNAL')
          : null,
      createdAt: (image?.createdAt ?? row.createdAt).toISOString(),
      deletedAt: image?.deletedAt?.toISOString() ?? null,
    };
  });
  const pack = row.packVersion ? { ...row.packVersion.pack, version: row.packVersion.version } : null;
  return {
    id: row.id,
    modelId: row.modelId,
    modelName: row.model.name,
    pack,
    prompt: row.prompt,
    settings: toDrawSettings(row),
    counts: {
      planned: images.filter((image) => !isGone(image)).length,
      ready: images.filter((image) => image.state === 'ready').length,
      failed: images.filter((image) => image.state === 'failed' && !isGone(image)).length,
    },
    images: images.filter((image) => image.deletedAt === null),
    job,
    createdAt: row.createdAt.toISOString(),
  };
}

/** The settings that an order was drawn with. */
export function toDrawSettings(row: Pick<GenerationCore, keyof DrawSettings>): DrawSettings {
  const { negativePrompt, steps, guidance, width, height, loraWeight, draft } = row;
  return {
    negativePrompt,
    seed: Number(row.seed),
    steps,
    guidance,
    width,
    height,
    loraWeight,
    scheduler: row.scheduler as SchedulerName,
    draft,
    format: row.format as ImageFormat,
  };
}

function failureOf(code: string | null): ImageView['failure'] {
  return code === null ? null : { code, message: describeFailure(code).message };
}
