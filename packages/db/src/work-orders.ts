/** What a claimed attempt is to do, read for many claims at once. */
import type { GpuProfile, ImageFormat, SchedulerName, TrainSettings } from '@pixgen/domain';
import type { PlannedImageRow } from './accept-jobs.ts';

/** Newest checkpoint of a training job. */
export type CheckpointRow = { key: string; sizeBytes: number; sha256: string; step: number };

export type WorkRow =
  | {
      kind: 'generate';
      jobId: string;
      userId: string;
      width: number;
      height: number;
      steps: number;
      guidance: number;
      loraWeight: number;
      scheduler: SchedulerName;
      draft: boolean;
      format: ImageFormat;
      negativePrompt: string;
      weights: { storageKey: string; sizeBytes: number; sha256: string; profile: GpuProfile };
      /** Planned images that are not drawn yet. */
      images: PlannedImageRow[];
    }
  | {
      kind: 'train';
      jobId: string;
      userId: string;
      triggerWord: string;
      classWord: string;
      profile: GpuProfile;
      settings: TrainSettings;
      photos: { id: string; userId: string; modelId: string; sizeBytes: number; sha256: string }[];
      checkpoint: CheckpointRow | null;
    };

/** One row per job; its caller says behind it which ones. */
export const WORK = `
SELECT j.kind, j.id AS "jobId", j."userId", j.checkpoint,
  CASE WHEN j.kind = 'generate' THEN jsonb_build_object(
    'width', g.width, 'height', g.height, 'steps', g.steps, 'guidance', g.guidance, 'loraWeight', g."loraWeight",
    'scheduler', g.scheduler, 'draft', g.draft, 'format', g.format,
    'negativePrompt', g."negativePrompt",
    'weights', jsonb_build_object('storageKey', w."storageKey", 'sizeBytes', w."sizeBytes", 'sha256', w.sha256, 'profile', w.profile),
    'images', (SELECT jsonb_agg(p ORDER BY ord) FROM jsonb_array_elements(g.planned) WITH ORDINALITY AS t(p, ord)
      WHERE NOT EXISTS (SELECT 1 FROM "Image" i WHERE i.id = (p->>'imageId')::uuid AND (i.state = 'ready' OR i."deletedAt" IS NOT NULL))))
  ELSE jsonb_build_object(
    'triggerWord', m."triggerWord", 'classWord', m."classWord", 'profile', t.profile, 'settings', t.settings,
    'photos', (SELECT jsonb_agg(jsonb_build_object('id', p.id, 'userId', p."userId", 'modelId', p."modelId", 'sizeBytes', p."sizeBytes",
        'sha256', p.sha256) ORDER BY p.id) FROM "Photo" p WHERE p.id = ANY (t."photoIds") AND p.state = 'ready'))
  END AS work
FROM "Job" j
LEFT JOIN "Generation" g ON g.id = j."generationId" LEFT JOIN "Weights" w ON w.id = g."weightsId"
LEFT JOIN "Training" t ON t.id = j."trainingId" LEFT JOIN "Model" m ON m.id = j."modelId"`;

/** Columns of {@link WORK}. */
export type WorkResult = {
  kind: string;
  jobId: string;
  userId: string;
  checkpoint: CheckpointRow | null;
  work: Record<string, unknown>;
};

/** The statement builds exactly these shapes; `as` is the border between SQL and types. */
export function toWorkRow({ work, ...row }: WorkResult): WorkRow {
  return { ...work, ...row, images: work.images ?? [], photos: work.photos ?? [] } as unknown as WorkRow;
}
