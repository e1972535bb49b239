/** The worker as one value: queue consumers, relay, reconciler and sweeps around the use cases. */
import {
  cancelCalls,
  checkPhoto,
  createEventApplier,
  type Deps,
  dispatchJob,
  type GpuBackend,
  reconcile,
  startRelay,
  sweep,
} from '@pixgen/core';
import { type connectRedis, type Handlers, startConsumer } from '@pixgen/queue';
import { startLeasedWork } from './leased-work.ts';

const RECONCILE_EVERY_MS = 10_000;
const SWEEP_EVERY_MS = 60 * 60_000;

export type RunningWorker = {
  /** ms since the reconciler last finished a pass anywhere it held the lease; null before the first. */
  lastPassAgeMs: () => number | null;
  /** Stops taking work, finishes what is in hand, gives the lease back. */
  stop: () => Promise<void>;
};

/** @param connectQueue makes one `worker` connection per task */
export function startWorker(
  deps: Deps,
  gpu: GpuBackend,
  connectQueue: () => ReturnType<typeof connectRedis>,
): RunningWorker {
  const applyEvents = createEventApplier(deps);
  const handlers: Handlers = {
    dispatch: (task, run) => dispatchJob(deps, gpu, task, run),
    'cancel-calls': (task) => cancelCalls(deps, gpu, task),
    'apply-events': applyEvents,
    'check-photo': (task) => checkPhoto(deps, task.photoId),
  };
  const consumer = startConsumer(connectQueue, handlers, {
    onFailed: (task, id, error, attemptsMade) =>
      deps.log.warn({ err: error, task, taskId: id, attemptsMade }, 'a task failed'),
    onError: (error) => deps.log.warn({ err: error }, 'queue connection'),
  });
  const stopRelay = startRelay(deps);
  const reconciler = startLeasedWork(deps, 'reconcile', RECONCILE_EVERY_MS, () => reconcile(deps, gpu));
  const sweeper = startLeasedWork(deps, 'sweep', SWEEP_EVERY_MS, () => sweep(deps));
  return {
    lastPassAgeMs: reconciler.lastPassAgeMs,
    async stop() {
      await Promise.all([reconciler.stop(), sweeper.stop(), stopRelay(), consumer.close()]);
      await gpu.close();
    },
  };
}
