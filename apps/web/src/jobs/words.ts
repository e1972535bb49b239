/** Job states and phases in the words of the screens. */

import type { JobEventView, JobProgressView, JobState, JobView } from '@pixgen/domain';
import type { Tone } from '@pixgen/ui';
import { isOver } from './rules';

export const STATE_WORDS: Record<JobState, { label: string; tone: Tone }> = {
  queued: { label: 'Queued', tone: 'neutral' },
  dispatching: { label: 'Starting', tone: 'accent' },
  running: { label: 'Running', tone: 'accent' },
  succeeded: { label: 'Done', tone: 'good' },
  failed: { label: 'Failed', tone: 'danger' },
  cancelled: { label: 'Cancelled', tone: 'neutral' },
  expired: { label: 'Timed out', tone: 'danger' },
};

const PHASE_WORDS: Record<NonNullable<JobView['phase']>, Record<JobView['kind'], string>> = {
  loading: { train: 'Loading the base model', generate: 'Loading the base model' },
  downloading: { train: 'Fetching the photos', generate: 'Fetching the weights' },
  encoding: { train: 'Reading the photos', generate: 'Reading the prompt' },
  training: { train: 'Training', generate: 'Drawing' },
  sampling: { train: 'Drawing samples', generate: 'Drawing' },
  saving: { train: 'Saving the weights', generate: 'Saving' },
};

const EVENT_WORDS: Record<JobEventView['type'], string> = {
  queued: 'Queued',
  dispatching: 'Handed to a GPU',
  running: 'The GPU started',
  image: 'Picture finished',
  checkpoint: 'Checkpoint saved',
  weights: 'LoRA of a checkpoint kept',
  sample: 'Sample drawn',
  'attempt-ended': 'Attempt ended',
  succeeded: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
  expired: 'Timed out',
};

/** A line of a job's history. */
export function sayEvent({ type, code }: Pick<JobEventView, 'type' | 'code'>): string {
  if (type !== 'image' || code === null) return EVENT_WORDS[type];
  return code === 'SAFETY_BLOCKED' ? 'Picture blocked' : 'Picture failed';
}

export type JobNow = {
  label: string;
  /** Share of the steps, null when nobody knows. */
  value: number | null;
  detail: string;
  heardAt: string | null;
};

/** Where a job stands, from its row and the newest sign of life, whichever is further. */
export function jobNow(job: JobView, live: JobProgressView | null): JobNow {
  const heardAt = live && live.at > (job.lastHeardAt ?? '') ? live.at : job.lastHeardAt;
  if (isOver(job)) return { label: STATE_WORDS[job.state].label, value: 1, detail: '', heardAt };
  if (job.state === 'queued') return { label: 'Waiting for a GPU', value: null, detail: again(job), heardAt };
  if (job.state === 'dispatching') return { label: 'Starting on a GPU', value: null, detail: again(job), heardAt };
  const current = live && live.attempt >= job.attempt ? live : null;
  const phase = current?.phase ?? job.phase;
  const step = Math.max(current?.step ?? 0, current && current.phase !== job.phase ? 0 : job.step);
  const total = current?.totalSteps || job.totalSteps;
  const counts = phase === 'training' || phase === 'sampling';
  return {
    label: phase ? PHASE_WORDS[phase][job.kind] : 'Working',
    value: counts && total > 0 ? step / total : null,
    detail: [counts && total > 0 ? `step ${step} of ${total}` : '', again(job)].filter(Boolean).join(', '),
    heardAt,
  };
}

function again(job: JobView): string {
  return job.attempt > 1 ? `attempt ${job.attempt} of ${job.maxAttempts}` : '';
}

/** What a job cost. */
export function formatCost(microUsd: number): string {
  return microUsd === 0 ? 'free' : formatMoney(microUsd);
}

/** Money as people read it; the smallest amounts keep two significant digits. */
export function formatMoney(microUsd: number): string {
  if (microUsd === 0) return '$0';
  const usd = microUsd / 1e6;
  return usd >= 0.1 ? `$${usd.toFixed(2)}` : `$${usd.toPrecision(2)}`;
}

/** A price before the button is pressed. */
export function formatPrice(microUsd: number): string {
  return microUsd === 0 ? 'free on this machine' : `≈ ${formatCost(microUsd)}`;
}

/** "2 min 5 s" between two times. */
export function formatDuration(fromIso: string, toIso: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(toIso) - Date.parse(fromIso)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "2 to 4 min left": a span of time, as coarse as it is uncertain. */
export function formatSpan(p50Ms: number, p90Ms: number): string {
  const [from, to] = [Math.max(0, p50Ms), Math.max(0, p90Ms)];
  if (to < 5_000) return 'A few seconds left';
  const [unit, ms] =
    to < 100_000 ? (['s', 1_000] as const) : to < 7_200_000 ? (['min', 60_000] as const) : (['h', 3_600_000] as const);
  // Seconds in fives: nobody can tell them better.
  const round = (value: number) =>
    unit === 's' ? Math.max(5, Math.round(value / 5_000) * 5) : Math.max(1, Math.round(value / ms));
  const [low, high] = [round(from), round(to)];
  return low === high ? `About ${low} ${unit} left` : `About ${low} to ${high} ${unit} left`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} kB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
