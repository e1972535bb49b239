/**
 * How long attempts have been silent. Not hearing is not silence: it counts only while there was somebody to hear, which
 * API and reconciler note in Redis as they go on.
 */
import type { LiveJob } from '@pixgen/db';
import { DEADLINES } from '@pixgen/domain';
import type { Deps } from '../deps.ts';

/** Three passes of the reconciler, and six signs of life of the API. */
const LONGEST_PAUSE_MS = 30_000;
const KEEP_EVERY_MS = 5_000;
/** An API can store signs of life: it reaches Postgres and Redis. */
const EVENTS = 'events';
/** Passes are made, which reach both too. */
const PASSES = 'passes';

export type Silence = {
  /** Since the last sign of life of the attempt, as old as that is; null when none is known. */
  heardMs: number | null;
  /** What of it counts as silence; null when nobody can say. */
  silentMs: number | null;
};
export const UNKNOWN_SILENCE: Silence = { heardMs: null, silentMs: null };

/** Says of this API again and again that it hears. @returns ends it */
export function keepHearing(deps: Deps): () => void {
  const hear = async (): Promise<void> => {
    try {
      // A sign of life is stored only when its claim could be looked up.
      await deps.db.pool.query('SELECT 1');
      await deps.live.keepSpan(EVENTS, LONGEST_PAUSE_MS);
    } catch (error) {
      deps.log.debug({ err: error }, 'no sign of life can be stored right now');
    }
  };
  void hear();
  const timer = setInterval(() => void hear(), KEEP_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Once in each pass of the reconciler. */
export async function keepReconciling(deps: Deps): Promise<void> {
  await deps.live.keepSpan(PASSES, LONGEST_PAUSE_MS);
}

/** Of running jobs; each of them is there. */
export async function readSilence(deps: Deps, jobs: LiveJob[]): Promise<Map<string, Silence>> {
  if (jobs.length === 0) return new Map();
  try {
    const [lastWords, spans, now] = await Promise.all([
      deps.live.readProgress(jobs.map((job) => job.jobId)),
      deps.live.readSpans([EVENTS, PASSES]),
      deps.live.clockMs(),
    ]);
    const hearing = [spans.get(EVENTS), spans.get(PASSES)];
    const isHeard = hearing.every((span) => span !== undefined && now - span.untilMs <= LONGEST_PAUSE_MS);
    const since = Math.max(...hearing.map((span) => span?.sinceMs ?? Number.POSITIVE_INFINITY));
    return new Map(
      jobs.map(({ jobId, attempt, inStateMs }) => {
        const last = lastWords.get(jobId);
        const heardMs = last?.attempt === attempt ? now - last.heardAtMs : null;
        return [jobId, { heardMs, silentMs: isHeard ? Math.min(heardMs ?? inStateMs, now - since) : null }];
      }),
    );
  } catch (error) {
    deps.log.warn({ err: error }, 'no heartbeats without redis: providers are asked instead');
    return new Map(jobs.map(({ jobId }) => [jobId, UNKNOWN_SILENCE]));
  }
}

/**
 * Whether a claimed attempt whose provider says that it works has said nothing for too long. One that was heard before has
 * stopped; of one that was never heard the events may all be lost, and its result will tell.
 */
export function isTooSilent(job: Pick<LiveJob, 'kind'>, { heardMs, silentMs }: Silence): boolean {
  if (silentMs === null) return false;
  const jobMs = job.kind === 'train' ? DEADLINES.trainJobMs : DEADLINES.generateJobMs;
  return silentMs > (heardMs === null ? jobMs / 2 : DEADLINES.silentMs);
}
