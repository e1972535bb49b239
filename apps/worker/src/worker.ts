/** The worker as one value: queue consumers, relay, reconciler and sweeps around the use cases. */
import {
  applyApart,
  cancelCalls,
  checkPhoto,
  createEventApplier,
  createPoisonHandlers,
  type Deps,
  dispatchJob,
  type ErasureTools,
  type GuardedGpu,
  makeExport,
  pingGpu,
  reconcile,
  repairObjects,
  runBulk,
  runErasure,
  startOrderedPack,
  startRelay,
  sweep,
  warnOfOverdueReports,
} from '@pixgen/core';
import { claimDataExport, claimErasure, keepDataExport, keepErasure, linkAudit } from '@pixgen/db';
import { type connectRedis, type HandledTask, type Handlers, startConsumer } from '@pixgen/queue';
import { startDueWork } from './due-work.ts';
import { startLeasedWork } from './leased-work.ts';
import { watchProgress } from './progress-watch.ts';

const RECONCILE_EVERY_MS = 10_000;
const PING_GPU_EVERY_MS = 30_000;
const SWEEP_EVERY_MS = 60 * 60_000;
const LINK_AUDIT_EVERY_MS = 5_000;
const REPORT_CLOCK_EVERY_MS = 15 * 60_000;
const REPAIR_EVERY_MS = 24 * 3_600_000;
const REPAIR_FIRST_MS = 15 * 60_000;

export type RunningWorker = {
  /** ms since the reconciler last finished a pass, well or not, or went on with one; null before the first. */
  lastPassAgeMs: () => number | null;
  /** The queue whose tasks wait while none moves here, if there is one. */
  stuckQueue: () => HandledTask | null;
  gpu: Pick<GuardedGpu, 'name' | 'circuit'>;
  /** Stops taking work, finishes what is in hand or gives it back, gives the leases back. */
  stop: () => Promise<void>;
};

/** Tasks in hand may end within this, then they go back to their queue. */
const GRACE_MS = 15_000;

/**
 * @param connectQueue makes one `worker` connection per task
 * @param options.stuckAfterMs see {@link watchProgress}
 */
export function startWorker(
  deps: Deps,
  gpu: GuardedGpu,
  connectQueue: () => ReturnType<typeof connectRedis>,
  options: {
    stuckAfterMs: number;
    onStuck: (task: HandledTask) => void;
    deleteIdentity: ErasureTools['deleteIdentity'];
  },
): RunningWorker {
  const applyEvents = createEventApplier(deps);
  const handlers: Handlers = {
    dispatch: (task, run) => dispatchJob(deps, gpu, task, run),
    'cancel-calls': (task) => cancelCalls(deps, gpu, task),
    'apply-events': (task, { suspect }) =>
      suspect && task.eventIds.length > 1 ? applyApart(deps, task) : applyEvents(task),
    'check-photo': (task) => checkPhoto(deps, task.photoId),
    'start-pack': (task) => startOrderedPack(deps, task),
    bulk: (task, run) => runBulk(deps, task, run),
  };
  const consumer = startConsumer(connectQueue, handlers, createPoisonHandlers(deps), {
    onFailed: (task, id, error, attemptsMade) =>
      deps.log.warn({ err: error, task, taskId: id, attemptsMade }, 'a task failed'),
    onError: (error) => deps.log.warn({ err: error }, 'queue connection'),
  });
  const watch = watchProgress(deps.producer.queues, consumer, { ...options, log: deps.log });
  const stopRelay = startRelay(deps);
  const reconciler = startLeasedWork(deps, 'reconcile', RECONCILE_EVERY_MS, (goesOn) => reconcile(deps, gpu, goesOn));
  const pinger = startLeasedWork(deps, 'ping-gpu', PING_GPU_EVERY_MS, () => pingGpu(deps, gpu));
  const sweeper = startLeasedWork(deps, 'sweep', SWEEP_EVERY_MS, () => sweep(deps));
  const linker = startLeasedWork(deps, 'link-audit', LINK_AUDIT_EVERY_MS, async () => {
    await linkAudit(deps.db.pool);
  });
  const repair = async () => void (await repairObjects(deps));
  const repairer = startLeasedWork(deps, 'repair-objects', REPAIR_EVERY_MS, repair, REPAIR_FIRST_MS);
  const clock = startLeasedWork(deps, 'report-clock', REPORT_CLOCK_EVERY_MS, () => warnOfOverdueReports(deps));
  const tools: ErasureTools = { gpu, deleteIdentity: options.deleteIdentity };
  const stopErasing = startDueWork(deps, {
    name: 'erasure',
    claim: claimErasure,
    keep: keepErasure,
    run: (erasure) => runErasure(deps, erasure, tools),
  });
  const stopExporting = startDueWork(deps, {
    name: 'data export',
    claim: claimDataExport,
    keep: keepDataExport,
    run: (wanted, signal) => makeExport(deps, wanted, signal),
  });
  return {
    lastPassAgeMs: reconciler.lastPassAgeMs,
    stuckQueue: watch.stuck,
    gpu,
    async stop() {
      watch.stop();
      const leased = [reconciler, pinger, sweeper, linker, repairer, clock].map((work) => work.stop());
      const due = [stopErasing(GRACE_MS), stopExporting(GRACE_MS)];
      await Promise.all([...leased, ...due, stopRelay(), consumer.close(GRACE_MS)]);
      await gpu.close();
    },
  };
}
