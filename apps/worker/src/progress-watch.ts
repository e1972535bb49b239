/** Looks at the queues' progress: a process whose tasks wait while none moves is stuck, whatever it says of itself. */
import type { Log } from '@pixgen/core';
import { type Consumer, HANDLED_TASKS, type HandledTask, type Producer } from '@pixgen/queue';

const LOOK_EVERY_MS = 5_000;
/** How many looks fall into the time after which a queue is stuck, at least: one that stands still for little longer is seen. */
const LOOKS = 10;

export type ProgressWatch = {
  /** The queue that is stuck, if one is. */
  stuck: () => HandledTask | null;
  stop: () => void;
};

/**
 * A queue is stuck when tasks have waited in it through `stuckAfterMs` while this process neither took nor finished one
 * and Redis answered all the time. Longer than the longest task, so that slow work is not taken for a fault.
 *
 * @param onStuck told once
 */
export function watchProgress(
  queues: Producer['queues'],
  consumer: Pick<Consumer, 'lastProgress'>,
  options: { stuckAfterMs: number; onStuck: (task: HandledTask) => void; log: Log; everyMs?: number },
): ProgressWatch {
  /** Since when tasks have waited; a look that Redis did not answer starts the count again. */
  const waitingSince = new Map<string, number>();
  let stuck: HandledTask | null = null;

  async function look(): Promise<void> {
    for (const queue of queues) {
      if (!(HANDLED_TASKS as string[]).includes(queue.name)) continue;
      const waiting = await queue.getWaitingCount().catch(() => null);
      if (waiting === null || waiting === 0) {
        waitingSince.delete(queue.name);
        continue;
      }
      const now = performance.now();
      const task = queue.name as HandledTask;
      const since = Math.max(waitingSince.get(queue.name) ?? now, consumer.lastProgress().get(task) ?? now);
      waitingSince.set(queue.name, since);
      if (stuck !== null || now - since < options.stuckAfterMs) continue;
      stuck = task;
      options.log.error({ task, waiting, forMs: Math.round(now - since) }, 'the queue is stuck');
      options.onStuck(task);
    }
  }

  let looking = Promise.resolve();
  const timer = setInterval(
    () => {
      looking = looking.then(look);
    },
    options.everyMs ?? Math.min(LOOK_EVERY_MS, options.stuckAfterMs / LOOKS),
  );
  timer.unref();
  return { stuck: () => stuck, stop: () => clearInterval(timer) };
}
