import { asJobRow, type TrainingRow } from '@pixgen/db';
import { suggestCheckpoint, type TrainingPreset, type TrainingView, type TrainSettings } from '@pixgen/domain';
import type { Progress } from '@pixgen/queue';
import { acceptedJobView, toJobView } from '../jobs/job-view.ts';

type OrderRow = Omit<TrainingRow, 'jobs' | 'weights' | 'samples' | 'lossHistory'>;

/** Points of a loss curve that a page gets at most. */
const LOSS_POINTS = 500;

/** @param liveLoss loss of the running job, when the stored history is not there yet */
export function toTrainingView(
  row: TrainingRow,
  progress: Map<string, Progress>,
  liveLoss: [number, number][] = [],
): TrainingView {
  const job = row.jobs[0];
  if (!job) throw new Error(`training ${row.id} has no job`);
  const stored = row.lossHistory as [number, number][];
  return {
    ...orderView(row),
    job: toJobView(asJobRow(job), progress.get(job.id)),
    ...weightsOf(row, job.id),
    samples: row.samples.map(({ id, step, prompt, width, height }) => ({ id, step, prompt, width, height })),
    lossHistory: thinOut(stored.length > 0 ? stored : liveLoss, LOSS_POINTS),
  };
}

/** A training as it was when its job was accepted. */
export function acceptedTrainingView(row: OrderRow, { id, createdAt }: { id: string; createdAt: Date }): TrainingView {
  const job = acceptedJobView({ id, kind: 'train', orderId: row.id, createdAt: createdAt.toISOString() });
  return { ...orderView(row), job, weights: [], suggestion: null, samples: [], lossHistory: [] };
}

/** Weights of the training's newest job, one for each step, and which of them to recommend. */
function weightsOf(row: TrainingRow, jobId: string): Pick<TrainingView, 'weights' | 'suggestion'> {
  // After an early stop in a second attempt the first one may have kept the same step on its way: the final ones count.
  const own = row.weights.filter((one) => !one.lost && (one.jobId ?? jobId) === jobId);
  const byStep = new Map(own.toSorted((a, b) => Number(a.final) - Number(b.final)).map((one) => [one.step, one]));
  const kept = [...byStep.values()].toSorted((a, b) => b.step - a.step);
  const suggested = suggestCheckpoint(kept.toReversed());
  return {
    weights: kept.map(({ id, step, final, sizeBytes, likeness, kohyaStorageKey, createdAt }) => ({
      id,
      step,
      final,
      sizeBytes,
      likeness,
      kohya: kohyaStorageKey !== null,
      createdAt: createdAt.toISOString(),
    })),
    suggestion: suggested && { weightsId: suggested.best.id, because: suggested.because, reason: suggested.reason },
  };
}

function orderView(row: OrderRow) {
  return {
    id: row.id,
    modelId: row.modelId,
    preset: row.preset as TrainingPreset,
    settings: row.settings as TrainSettings,
    photoCount: row.photoIds.length,
    createdAt: row.createdAt.toISOString(),
  };
}

/** Keeps the last point and every k-th before it; a restarted attempt's earlier run of the same steps is dropped. */
export function thinOut(points: [number, number][], limit: number): [number, number][] {
  const byStep = new Map(points);
  const unique = [...byStep].toSorted(([a], [b]) => a - b);
  const every = Math.ceil(unique.length / limit);
  return unique.filter((_, index) => (unique.length - 1 - index) % every === 0);
}
