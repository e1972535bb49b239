/** What the tab's one live stream has said so far: connection, latest progress per job, loss points per job. */
import type { ImagePreview, JobProgressView } from '@pixgen/domain';

export type LiveStatus = 'connecting' | 'open' | 'down';
export type LossPoint = readonly [step: number, loss: number];
const NO_POINTS: readonly LossPoint[] = [];

export type LiveStore = ReturnType<typeof createLiveStore>;

export function createLiveStore() {
  let status: LiveStatus = 'connecting';
  const progress = new Map<string, JobProgressView>();
  const losses = new Map<string, readonly LossPoint[]>();
  const previews = new Map<string, ImagePreview>();
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  return {
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    status: () => status,
    progress: (jobId: string) => progress.get(jobId) ?? null,
    losses: (jobId: string) => losses.get(jobId) ?? NO_POINTS,
    setStatus(next: LiveStatus) {
      if (next === status) return;
      status = next;
      tell();
    },
    /** Keeps the newest; an older attempt or an earlier step of the same phase never moves the bar back. */
    addProgress(next: JobProgressView) {
      const last = progress.get(next.jobId);
      if (last && isOlder(next, last)) return;
      if (last && last.attempt !== next.attempt) losses.delete(next.jobId);
      progress.set(next.jobId, next);
      if (next.loss !== null) {
        const points = losses.get(next.jobId) ?? NO_POINTS;
        losses.set(next.jobId, [...points.filter(([step]) => step < next.step), [next.step, next.loss]]);
      }
      tell();
    },
    preview: (imageId: string) => previews.get(imageId)?.webp ?? null,
    /** Keeps the newest rough picture of an image. */
    addPreview(next: ImagePreview) {
      if ((previews.get(next.imageId)?.attempt ?? 0) > next.attempt) return;
      previews.set(next.imageId, next);
      tell();
    },
    forgetPreview(imageId: string) {
      if (previews.delete(imageId)) tell();
    },
    forget(jobId: string) {
      let known = progress.delete(jobId);
      for (const preview of previews.values()) {
        if (preview.jobId === jobId) known = previews.delete(preview.imageId) || known;
      }
      if (known) tell();
    },
  };
}

function isOlder(next: JobProgressView, last: JobProgressView): boolean {
  if (next.attempt !== last.attempt) return next.attempt < last.attempt;
  if (next.phase === last.phase && next.imageIds.join() === last.imageIds.join()) return next.step < last.step;
  return next.at < last.at;
}

/**
 * Joins stored points with live ones; live points win at the same step. What a lost connection kept from this tab is
 * among the stored ones, anywhere between.
 */
export function mergeLoss(stored: readonly LossPoint[], live: readonly LossPoint[]): LossPoint[] {
  return [...new Map([...stored, ...live])].sort(([one], [other]) => one - other);
}

/** Exponential moving average, corrected for its start, so that the curve begins at the first value. */
export function smooth(points: readonly LossPoint[], keep = 0.85): LossPoint[] {
  let average = 0;
  return points.map(([step, loss], index) => {
    average = keep * average + (1 - keep) * loss;
    return [step, average / (1 - keep ** (index + 1))] as const;
  });
}
