import type { JobRow } from '@pixgen/db';
import { describeFailure, isFinal, type JobView, MAX_ATTEMPTS } from '@pixgen/domain';
import type { Progress } from '@pixgen/queue';
import type { Deps } from '../deps.ts';

/** A job as people see it; progress counts only while it belongs to the running attempt. */
export function toJobView(job: JobRow, progress?: Progress): JobView {
  const orderId = job.trainingId ?? job.generationId;
  if (orderId === null) throw new Error(`job ${job.id} has no order`);
  const heard = progress?.attempt === job.attempt && !isFinal(job.state) ? progress : undefined;
  const failed = isFinal(job.state) && job.state !== 'succeeded';
  return {
    id: job.id,
    kind: job.kind,
    state: job.state,
    orderId,
    attempt: job.attempt,
    maxAttempts: MAX_ATTEMPTS,
    phase: heard?.phase ?? null,
    step: heard?.step ?? 0,
    totalSteps: heard?.totalSteps ?? 0,
    createdAt: job.createdAt.toISOString(),
    startedAt: job.startedAt?.toISOString() ?? null,
    endedAt: job.endedAt?.toISOString() ?? null,
    lastHeardAt: heard?.at ?? null,
    failure: failed ? describeFailure(job.failureCode ?? 'GPU_INTERNAL') : null,
    costMicroUsd: Number(job.costMicroUsd),
  };
}

/** A job as it was when it was accepted: what an idempotent call answers, now and when it is repeated. */
export function acceptedJobView(job: {
  id: string;
  kind: JobView['kind'];
  orderId: string;
  createdAt: string;
}): JobView {
  return {
    ...job,
    state: 'queued',
    attempt: 1,
    maxAttempts: MAX_ATTEMPTS,
    phase: null,
    step: 0,
    totalSteps: 0,
    startedAt: null,
    endedAt: null,
    lastHeardAt: null,
    failure: null,
    costMicroUsd: 0,
  };
}

/** Newest progress of the jobs that are alive; without Redis there is none, and the page says only the state. */
export async function progressOf(deps: Deps, jobs: (JobRow | undefined)[]): Promise<Map<string, Progress>> {
  const live = jobs.flatMap((job) => (job && !isFinal(job.state) ? [job.id] : []));
  if (live.length === 0) return new Map();
  return deps.live.readProgress(live).catch((error: Error) => {
    deps.log.warn({ err: error }, 'no progress without redis');
    return new Map<string, Progress>();
  });
}
