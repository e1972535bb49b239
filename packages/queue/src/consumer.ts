/** Runs a handler per task with timeouts, and says whether the queues still make progress. */
import { setTimeout as delay } from 'node:timers/promises';
import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { HANDLED_TASKS, type HandledTask, TASKS, type TaskPayload } from './catalog.ts';
import { QUEUE_PREFIX } from './producer.ts';

/** What a handler may know of this run of its task. */
export type TaskRun = {
  signal: AbortSignal;
  lastTry: boolean;
  /** How often it was begun, this time counted: more often than it failed when it was put off. */
  starts: number;
  /** A process died with this task in its hands. */
  suspect: boolean;
};

export type Handlers = {
  [Name in HandledTask]: (payload: TaskPayload<Name>, run: TaskRun) => Promise<void>;
};

/** Ends what a task stands for that killed its process {@link MAX_STARTS} times; throws when that must be tried again. */
export type PoisonHandlers = {
  [Name in HandledTask]: (payload: TaskPayload<Name>) => Promise<void>;
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

/** A task whose process died this often in the middle of it is given up. */
export const MAX_STARTS = 3;
/** A suspect that finds another one at work comes back after this, plus up to as much again. */
const SUSPECT_WAITS_MS = 500;

export type Consumer = {
  /**
   * Stops taking new tasks and waits for running ones. What still runs after `graceMs` goes back to its queue, so that
   * another worker takes it at once; it may run twice then, as every task may.
   */
  close: (graceMs?: number) => Promise<void>;
  /** When each queue last took or finished a task here, by `performance.now()`. */
  lastProgress: () => Map<HandledTask, number>;
};

export type ConsumerEvents = {
  onFailed: (task: HandledTask, id: string | undefined, error: Error, attemptsMade: number) => void;
  onError: (error: Error) => void;
};

/**
 * Lock and stalled check are short because handlers are short and idempotent: a killed worker's tasks run again after
 * about ten seconds (measured, see docs/decisions).
 */
export function startConsumer(
  connect: () => Redis,
  handlers: Handlers,
  poisoned: PoisonHandlers,
  events: ConsumerEvents,
): Consumer {
  const connections: Redis[] = [];
  const active = new Map<Job, string>();
  const progress = new Map<HandledTask, number>();
  const lane: Lane = { suspect: undefined };
  const workers = HANDLED_TASKS.map((name) => {
    const connection = connect();
    connections.push(connection);
    progress.set(name, performance.now());
    const task: TaskSetUp = {
      name,
      handler: handlers[name] as TaskSetUp['handler'],
      poisoned: poisoned[name] as TaskSetUp['poisoned'],
      lane,
    };
    const worker = new Worker(
      name,
      async (job, token = '') => {
        active.set(job, token);
        progress.set(name, performance.now());
        try {
          await runTask(task, job, token);
        } finally {
          active.delete(job);
          progress.set(name, performance.now());
        }
      },
      {
        connection,
        prefix: QUEUE_PREFIX,
        concurrency: TASKS[name].concurrency,
        lockDuration: 5_000,
        stalledInterval: 5_000,
        // Counted by BullMQ, judged in `runTask`: giving up must reach Postgres, and is tried again until it did.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        drainDelay: 30,
        skipVersionCheck: true,
      },
    );
    worker.on('failed', (job, error) => events.onFailed(name, job?.id, error, job?.attemptsMade ?? 0));
    worker.on('error', events.onError);
    return worker;
  });
  return {
    lastProgress: () => progress,
    async close(graceMs) {
      const ended = Promise.all(workers.map((worker) => worker.close())).then(() => true);
      const isDone = graceMs === undefined ? await ended : await Promise.race([ended, delay(graceMs, false)]);
      if (!isDone) {
        await Promise.all([...active].map(([job, token]) => job.moveToWait(token).catch(events.onError)));
      }
      for (const connection of connections) connection.disconnect();
    },
  };
}

type TaskSetUp = {
  name: HandledTask;
  handler: (payload: unknown, run: TaskRun) => Promise<void>;
  poisoned: (payload: unknown) => Promise<void>;
  lane: Lane;
};
/** The one suspect task that this process has in hand. */
type Lane = { suspect: string | undefined };

async function runTask({ name, handler, poisoned, lane }: TaskSetUp, job: Job, token: string): Promise<void> {
  const payload = TASKS[name].payload.safeParse(job.data);
  if (!payload.success) throw new PermanentFault(`payload of ${name} does not fit: ${payload.error.message}`);
  // Its first death may have had company; the others it died alone.
  const diedAlone = typeof job.progress === 'number' ? job.progress : 0;
  if (diedAlone >= MAX_STARTS - 1) {
    await poisoned(payload.data);
    throw new PermanentFault(`its process died ${MAX_STARTS} times in the middle of it`);
  }
  const suspect = job.stalledCounter > 0;
  // Suspects run one at a time, so that what merely stood beside the one that kills is not taken for it.
  if (suspect && lane.suspect !== undefined) await postpone(job, token, SUSPECT_WAITS_MS * (1 + Math.random()));
  if (suspect) lane.suspect = job.id;
  const lastTry = job.attemptsMade + 1 >= TASKS[name].attempts;
  // Not AbortSignal.timeout: it fires for every task, also for one that has long ended, and makes an error with a stack.
  const late = new AbortController();
  const deadline = setTimeout(
    () => late.abort(new DOMException('The task took too long.', 'TimeoutError')),
    TASKS[name].timeoutMs,
  );
  // One that does not end by itself is left behind: it holds its place in no queue, and the next try can do no harm.
  const tooLate = new Promise<never>((_, reject) => {
    late.signal.addEventListener('abort', () => reject(late.signal.reason), { once: true });
  });
  try {
    if (suspect) await job.updateProgress(diedAlone + 1);
    await Promise.race([
      handler(payload.data, { signal: late.signal, lastTry, starts: job.attemptsStarted, suspect }),
      tooLate,
    ]);
  } catch (error) {
    if (suspect) await job.updateProgress(diedAlone);
    if (!(error instanceof TryLater)) throw error;
    await postpone(job, token, error.afterMs);
  } finally {
    clearTimeout(deadline);
    if (suspect) lane.suspect = undefined;
  }
}

async function postpone(job: Job, token: string, afterMs: number): Promise<never> {
  await job.moveToDelayed(Date.now() + Math.round(afterMs), token);
  throw new DelayedError();
}
