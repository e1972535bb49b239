/** Job states and phases in the words of the screens. */

import type { JobEventView, JobFailureCode, JobProgressView, JobState, JobView, NamedJobView } from '@pixgen/domain';
import type { Tone } from '@pixgen/ui';
import type { Words } from '@/language/messages';
import { nameSubject } from '../generation/name-subject';
import { isOver } from './rules';

const STATE_TONES: Record<JobState, Tone> = {
  queued: 'neutral',
  dispatching: 'accent',
  running: 'accent',
  succeeded: 'good',
  failed: 'danger',
  cancelled: 'neutral',
  expired: 'danger',
};

/** A job's state as a badge shows it. */
export function stateWords(t: Words<'jobs'>, state: JobState): { label: string; tone: Tone } {
  return { label: t(`states.${state}`), tone: STATE_TONES[state] };
}

/** What a job is, and of what. */
export function jobTitle(t: Words<'jobs'>, { kind, title }: Pick<NamedJobView, 'kind' | 'title'>): string {
  return kind === 'train' ? t('training2', { name: title }) : nameSubject(title, t('theSubject')) || t('pictures');
}

/** A line of a job's history. */
export function sayEvent(t: Words<'jobs'>, { type, code }: Pick<JobEventView, 'type' | 'code'>): string {
  if (type !== 'image' || code === null) return t(`events.${type}`);
  return code === 'SAFETY_BLOCKED' ? t('pictureBlocked') : t('pictureFailed');
}

/** Why something failed, and what to do; codes of newer versions read as an internal failure. */
export function failureWords(t: Words<'jobs'>, failure: { code: string }): { message: string; nextStep: string } {
  const given = failure.code as JobFailureCode;
  const code = t.has(`failures.${given}.message`) ? given : 'GPU_INTERNAL';
  return { message: t(`failures.${code}.message`), nextStep: t(`failures.${code}.nextStep`) };
}

export type JobNow = {
  label: string;
  /** Share of the steps, null when nobody knows. */
  value: number | null;
  detail: string;
  heardAt: string | null;
};

/** Where a job stands, from its row and the newest sign of life, whichever is further. */
export function jobNow(t: Words<'jobs'>, job: JobView, live: JobProgressView | null): JobNow {
  const heardAt = live && live.at > (job.lastHeardAt ?? '') ? live.at : job.lastHeardAt;
  if (isOver(job)) return { label: t(`states.${job.state}`), value: 1, detail: '', heardAt };
  if (job.state === 'queued') return { label: t('waitingForGpu'), value: null, detail: again(t, job), heardAt };
  if (job.state === 'dispatching') return { label: t('startingOnGpu'), value: null, detail: again(t, job), heardAt };
  const current = live && live.attempt >= job.attempt ? live : null;
  const phase = current?.phase ?? job.phase;
  const step = Math.max(current?.step ?? 0, current && current.phase !== job.phase ? 0 : job.step);
  const total = current?.totalSteps || job.totalSteps;
  const counts = phase === 'training' || phase === 'sampling';
  return {
    label: phase ? t(`phases.${phase}.${job.kind}`) : t('working'),
    value: counts && total > 0 ? step / total : null,
    detail: [counts && total > 0 ? t('stepOf', { step, total }) : '', again(t, job)].filter(Boolean).join(', '),
    heardAt,
  };
}

function again(t: Words<'jobs'>, job: JobView): string {
  return job.attempt > 1 ? t('attemptOf', { attempt: job.attempt, most: job.maxAttempts }) : '';
}

/** What a job cost. */
export function formatCost(t: Words<'jobs'>, microUsd: number): string {
  return microUsd === 0 ? t('money.free') : formatMoney(t, microUsd);
}

/** Money as people read it; the smallest amounts keep two significant digits. */
export function formatMoney(t: Words<'jobs'>, microUsd: number): string {
  if (microUsd === 0) return t('money.none');
  const usd = microUsd / 1e6;
  return usd >= 0.1 ? t('money.amount', { usd }) : t('money.small', { usd });
}

/** A price before the button is pressed. */
export function formatPrice(t: Words<'jobs'>, microUsd: number): string {
  return microUsd === 0 ? t('money.freeHere') : t('money.about', { cost: formatCost(t, microUsd) });
}

/** "2 min 5 s" between two times. */
export function formatDuration(t: Words<'jobs'>, fromIso: string, toIso: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(toIso) - Date.parse(fromIso)) / 1000));
  if (seconds < 60) return t('duration.seconds', { seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('duration.minutes', { minutes, seconds: seconds % 60 });
  return t('duration.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/** "2 to 4 min left": a span of time, as coarse as it is uncertain. */
export function formatSpan(t: Words<'jobs'>, p50Ms: number, p90Ms: number): string {
  const [from, to] = [Math.max(0, p50Ms), Math.max(0, p90Ms)];
  if (to < 5_000) return t('left.moment');
  const [unit, ms] =
    to < 100_000 ? (['s', 1_000] as const) : to < 7_200_000 ? (['min', 60_000] as const) : (['h', 3_600_000] as const);
  // Seconds in fives: nobody can tell them better.
  const round = (value: number) =>
    unit === 's' ? Math.max(5, Math.round(value / 5_000) * 5) : Math.max(1, Math.round(value / ms));
  const [low, high] = [round(from), round(to)];
  return low === high ? t('left.about', { low, unit }) : t('left.span', { low, high, unit });
}

export function formatBytes(t: Words<'jobs'>, bytes: number): string {
  if (bytes < 1024 * 1024) return t('bytes.kB', { size: Math.max(1, Math.round(bytes / 1024)) });
  return t('bytes.MB', { size: bytes / 1024 / 1024 });
}
