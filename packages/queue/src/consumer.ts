/** Runs a handler per task with timeouts, and says whether the queues still make progress. */
import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { TASK_NAMES, TASKS, type TaskName, type TaskPayload } from './catalog.ts';
import { QUEUE_PREFIX } from './producer.ts';

export type Handlers = {
  [Name in TaskName]: (payload: TaskPayload<Name>, run: { signal: AbortSignal; lastTry: boolean }) => Promise<void>;
};

/** Thrown by a handler that should be tried again later without using up a try (e.g. all GPUs are busy). */
export class TryLater extends Error {
  readonly afterMs: number;
  constructor(afterMs: number, reason: string) {
    super(reason);
    this.name = 'TryLater';
    this.afterMs = afterMs;
  }
}

/** Thrown by a handler for a fault that no repetition can heal. */
export class PermanentFault extends UnrecoverableError {}

export type Consumer = {
  /** Stops taking new tasks and waits for running ones. */
  close: () => Promise<void>;
};

export type ConsumerEvents = {
  onFailed: (task: TaskName, id: string | undefined, error: Error, attemptsMade: number) => void;
  onError: (error: Error) => void;
};

/**
 * Lock and stalled check are short because handlers are short and idempotent: a killed worker's tasks run again after
 * about ten seconds (measured, see docs/decisions).
 */
export function startConsumer(connect: () => Redis, handlers: Handlers, events: ConsumerEvents): Consumer {
  const connections: Redis[] = [];
  const workers = TASK_NAMES.map((name) => {
    const connection = connect();
    connections.push(connection);
    const worker = new Worker(name, (job, token) => runTask(name, handlers[name] as AnyHandler, job, token), {
      connection,
      prefix: QUEUE_PREFIX,
      concurrency: TASKS[name].concurrency,
      lockDuration: 5_000,
      stalledInterval: 5_000,
      maxStalledCount: 3,
      drainDelay: 30,
      skipVersionCheck: true,
    });
    worker.on('failed', (job, error) => events.onFailed(name, job?.id, error, job?.attemptsMade ?? 0));
    worker.on('error', events.onError);
    return worker;
  });
  return {
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
      for (const connection of connections) connection.disconnect();
    },
  };
}

type AnyHandler = (payload: unknown, run: { signal: AbortSignal; lastTry: boolean }) => Promise<void>;

async function runTask(name: TaskName, handler: AnyHandler, job: Job, token: string | undefined): Promise<void> {
  const payload = TASKS[name].payload.safeParse(job.data);
  if (!payload.success) throw new PermanentFault(`payload of ${name} does not fit: ${payload.error.message}`);
  const lastTry = job.attemptsMade + 1 >= TASKS[name].attempts;
  try {
    await handler(payload.data, { signal: AbortSignal.timeout(TASKS[name].timeoutMs), lastTry });
  } catch (error) {
    if (!(error instanceof TryLater)) throw error;
    await job.moveToDelayed(Date.now() + error.afterMs, token);
    throw new DelayedError();
  }
}
