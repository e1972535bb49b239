/** The reconciler: no job can hang. What events did not tell, the provider is asked; what nobody answers for, ends. */
import {
  addToOutbox,
  findEndedAttempts,
  findForgottenBulk,
  findForgottenEvents,
  findForgottenPackOrders,
  findForgottenPhotos,
  findLiveJobs,
  type LiveJob,
  listDeadLetterRows,
  touchWaiting,
} from '@pixgen/db';
import { type CallStatus, DEADLINES, isDurable, newId } from '@pixgen/domain';
import type { Deps } from '../deps.ts';
import type { GpuBackend } from '../gpu/gpu-backend.ts';
import { endAttempt } from './end-attempt.ts';
import { attemptDelayMs, move } from './next-move.ts';
import { publishHistory } from './publish.ts';
import { isTooSilent, keepReconciling, readSilence, type Silence, UNKNOWN_SILENCE } from './silence.ts';

/** Younger jobs are left alone: their events are on the way. */
const MIN_AGE_MS = 5_000;
const BATCH = 500;
/** Inbox rows older than this lost their queue job. */
const FORGOTTEN_MS = 10_000;
/** Photos that wait longer for their check lost their queue job. */
const FORGOTTEN_PHOTO_MS = 2 * 60_000;
/** Longer than a slice of one with all its tries takes. */
const FORGOTTEN_BULK_MS = 10 * 60_000;
/** Longer than all tries of starting a pack take. */
const FORGOTTEN_PACK_MS = 5 * 60_000;
/** The provider may have been away for so long when the tasks that end its calls were lost. */
const ENDED_LATELY_MS = 30 * 60_000;
/** Providers are asked about this many calls at a time. */
const PARALLEL = 16;
/** The longest pause before a ticket that no GPU claimed is handed to one again. */
const LONGEST_WAIT_MS = 2 * 60_000;

/**
 * One pass over everything alive; run by one worker at a time. A part that fails, because one of the stores is away, keeps
 * none of the others from its work.
 *
 * @param goesOn called now and then: a pass over many jobs takes its time
 */
export async function reconcile(deps: Deps, gpu: GpuBackend, goesOn: () => void = () => undefined): Promise<void> {
  const part = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    goesOn();
    try {
      return await work();
    } catch (error) {
      deps.log.warn({ err: error, part: name }, 'a part of the reconciliation failed this time');
      return undefined;
    }
  };
  const queuesWereLost = (await part('lost queues', () => noticeLostQueues(deps))) ?? false;
  await part('hearing', () => keepReconciling(deps));
  await part('forgotten work', () => enqueueForgotten(deps, queuesWereLost));
  await part('jobs', () => reconcileJobs(deps, gpu, queuesWereLost, goesOn));
  if (!queuesWereLost) return;
  await part('calls to be ended', () => cancelAgain(deps));
  await part('dead letters', () => parkDeadLetters(deps));
}

async function reconcileJobs(deps: Deps, gpu: GpuBackend, queuesWereLost: boolean, goesOn: () => void): Promise<void> {
  const minAgeMs = queuesWereLost ? 0 : MIN_AGE_MS;
  // One that is dispatched again is younger from then on, and would come once more.
  const seen = new Set<string>();
  let jobs = await findLiveJobs(deps.db.pool, minAgeMs, BATCH);
  while (jobs.length > 0) {
    const running = jobs.filter((job) => job.state === 'running');
    const silence = await readSilence(deps, running);
    const rest = jobs.filter(({ jobId }) => !seen.has(jobId));
    if (rest.length === 0) return;
    for (const { jobId } of rest) seen.add(jobId);
    await Promise.all(
      Array.from({ length: PARALLEL }, async () => {
        for (let job = rest.shift(); job; job = rest.shift()) {
          const { jobId } = job;
          await reconcileJob(deps, gpu, job, silence.get(jobId) ?? UNKNOWN_SILENCE, queuesWereLost).catch(
            (error: Error) => deps.log.warn({ err: error, jobId }, 'a job could not be reconciled this time'),
          );
          goesOn();
        }
      }),
    );
    jobs = jobs.length < BATCH ? [] : await findLiveJobs(deps.db.pool, minAgeMs, BATCH, jobs.at(-1));
  }
}

async function reconcileJob(
  deps: Deps,
  gpu: GpuBackend,
  job: LiveJob,
  silence: Silence,
  queuesWereLost: boolean,
): Promise<void> {
  if (job.pastDeadline) {
    const moved = await deps.jobs.move(move(job.jobId, job.attempt, 'expired', { cause: 'DEADLINE' }));
    if (moved) await publishHistory(deps, [moved]);
    return;
  }
  if (job.state === 'queued') {
    if (!job.inOutbox && (queuesWereLost || job.inStateMs > DEADLINES.queuedMs)) await dispatchAgain(deps, job);
    return;
  }
  if (job.state === 'dispatching' && job.submittedCallIds.length === 0) {
    if (queuesWereLost && !job.inOutbox) await dispatchAgain(deps, job);
    else if (job.inStateMs > DEADLINES.dispatchingMs) await end(deps, job, 'DISPATCH_FAILED');
    return;
  }
  if ((silence.heardMs ?? job.inStateMs) < DEADLINES.heartbeatMs) return;
  await askProvider(deps, gpu, job, silence);
}

/** A new row with a new id: the queue drops ids it has seen, and a dispatch that runs twice submits at most twice. */
async function dispatchAgain(deps: Deps, job: LiveJob, delayMs = 0): Promise<void> {
  await addToOutbox(deps.db.pool, [
    { id: newId(), task: 'dispatch', payload: { jobId: job.jobId, attempt: job.attempt }, delayMs },
  ]);
  await touchWaiting(deps.db.pool, job.jobId, job.attempt, delayMs);
  deps.log.info({ jobId: job.jobId, delayMs }, 'dispatched again');
}

/**
 * No GPU ever claimed: nothing was begun, so no attempt is used up. The same ticket is handed out once more, after a pause
 * that grows with each call; of all its calls the first that claims works.
 */
async function submitAgain(deps: Deps, job: LiveJob, cause: string): Promise<void> {
  if (job.inOutbox) return;
  const { jobId, attempt, submittedCallIds } = job;
  deps.log.info({ jobId, attempt, cause, calls: submittedCallIds.length }, 'no GPU claimed');
  await dispatchAgain(deps, job, Math.min(attemptDelayMs(submittedCallIds.length), LONGEST_WAIT_MS));
}

async function askProvider(deps: Deps, gpu: GpuBackend, job: LiveJob, silence: Silence): Promise<void> {
  const calls = job.claimedCallId === null ? job.submittedCallIds : [job.claimedCallId];
  const statuses = await Promise.all(calls.map((callId) => gpu.status(callId)));
  deps.passPoint('reconcile.afterGet');
  for (const [index, status] of statuses.entries()) {
    if (status.state === 'finished' && (await takeResult(deps, job, calls[index] ?? '', status))) return;
  }
  if (statuses.some((status) => status.state === 'pending')) {
    // Those that wait keep their places in the provider's queue.
    if (job.claimedCallId === null && job.inStateMs > DEADLINES.unclaimedMs)
      await submitAgain(deps, job, 'NEVER_STARTED');
    if (job.claimedCallId !== null && isTooSilent(job, silence)) await end(deps, job, 'WENT_SILENT');
    return;
  }
  if (job.claimedCallId === null) await submitAgain(deps, job, 'GPU_LOST');
  else await end(deps, job, 'GPU_LOST');
}

/** The return value is the terminal event: it goes through the inbox like one that arrived. */
async function takeResult(
  deps: Deps,
  job: LiveJob,
  callId: string,
  status: Extract<CallStatus, { state: 'finished' }>,
): Promise<boolean> {
  const event = status.result;
  if (event.jobId !== job.jobId || !isDurable(event)) return false;
  const stored = await deps.jobs.storeEvent({ webhookId: `return:${callId}:${event.claimEpoch}`, event });
  deps.passPoint('reconcile.afterApply');
  if (stored.outcome === 'stored') deps.log.info({ jobId: job.jobId, callId }, 'result taken from the provider');
  return stored.outcome !== 'gone';
}

async function end(deps: Deps, job: LiveJob, cause: string): Promise<void> {
  await endAttempt(deps, { jobId: job.jobId, attempt: job.attempt, cause, retryable: true });
}

/** Stored events, photos and acts on many images whose task is gone. One that only waits is done twice then, without a second effect. */
async function enqueueForgotten(deps: Deps, queuesWereLost: boolean): Promise<void> {
  const events = await findForgottenEvents(deps.db.pool, queuesWereLost ? 0 : FORGOTTEN_MS);
  if (events.eventIds.length > 0)
    await deps.producer.add([{ task: 'apply-events', id: newId(), payload: { ...events, seen: [] } }]);
  const photoIds = await findForgottenPhotos(deps.db, queuesWereLost ? 0 : FORGOTTEN_PHOTO_MS, BATCH);
  await deps.producer.add(photoIds.map((photoId) => ({ task: 'check-photo', id: newId(), payload: { photoId } })));
  const operationIds = await findForgottenBulk(deps.db, queuesWereLost ? 0 : FORGOTTEN_BULK_MS, BATCH);
  await deps.producer.add(operationIds.map((operationId) => ({ task: 'bulk', id: newId(), payload: { operationId } })));
  const packOrderIds = await findForgottenPackOrders(deps.db, queuesWereLost ? 0 : FORGOTTEN_PACK_MS, BATCH);
  await deps.producer.add(
    packOrderIds.map((packOrderId) => ({ task: 'start-pack', id: newId(), payload: { packOrderId } })),
  );
}

/** Ending a call that has ended is no error; those that ended earlier had their tasks done. */
async function cancelAgain(deps: Deps): Promise<void> {
  const attempts = await findEndedAttempts(deps.db.pool, ENDED_LATELY_MS, BATCH);
  await deps.producer.add(attempts.map((payload) => ({ task: 'cancel-calls', id: newId(), payload })));
}

/** The newest ones; all of them are in the admin's list. */
async function parkDeadLetters(deps: Deps): Promise<void> {
  const rows = await listDeadLetterRows(deps.db, { before: null, limit: BATCH, kind: null });
  await deps.producer.add(
    rows.map(({ id, attempt, failureCode }) => ({
      task: 'dead-letters',
      id,
      payload: { jobId: id, attempt, cause: failureCode },
    })),
  );
}

const QUEUES_MARK = 'queues-are-whole';

/**
 * True once after Redis lost its data: the mark that lives beside the queues is gone with them. Set before the work: a
 * worker that dies on the way leaves the rest to the deadlines, instead of putting everything on the queues once more.
 */
async function noticeLostQueues(deps: Deps): Promise<boolean> {
  const mark = await deps.live.cache.get<string>(QUEUES_MARK).catch(() => 'unknown');
  if (mark !== null) return false;
  await deps.live.cache.set(QUEUES_MARK, newId(), 10 * 365 * 86_400_000);
  return true;
}
