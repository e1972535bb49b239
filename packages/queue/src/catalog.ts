/** Every queue job in one table. A task without a handler does not compile (see `consumer.ts`). */
import { z } from 'zod';

type Task = {
  payload: z.ZodType;
  /** Tries of the queue itself; attempts of a GPU job are counted in Postgres. */
  attempts: number;
  /** First pause between tries; doubles each time, with jitter. */
  backoffMs: number;
  /** A handler is told to stop after this, and no longer waited for. */
  timeoutMs: number;
  /** Jobs one worker process handles at once; 0: none takes them, they lie on their queue for the board. */
  concurrency: number;
};

export const TASKS = {
  /** Hands one attempt of a job to a GPU. */
  dispatch: {
    payload: z.strictObject({ jobId: z.uuid(), attempt: z.int().min(1) }),
    attempts: 6,
    backoffMs: 1_000,
    timeoutMs: 30_000,
    concurrency: 50,
  },
  /** Ends every known call of an attempt that is over. */
  'cancel-calls': {
    payload: z.strictObject({ jobId: z.uuid(), attempt: z.int().min(1) }),
    attempts: 8,
    backoffMs: 1_000,
    timeoutMs: 30_000,
    concurrency: 10,
  },
  /** Applies a committed batch of GPU events; `jobIds` are the jobs they belong to, `seen` objects found as announced. */
  'apply-events': {
    payload: z.strictObject({
      eventIds: z.array(z.string().regex(/^\d+$/)).min(1),
      jobIds: z.array(z.uuid()).min(1),
      seen: z.array(z.string()).default([]),
    }),
    attempts: 8,
    backoffMs: 500,
    timeoutMs: 60_000,
    // What waits at once is applied together: see `createEventApplier`.
    concurrency: 50,
  },
  /** Decodes, checks and re-encodes one uploaded photo. */
  'check-photo': {
    payload: z.strictObject({ photoId: z.uuid() }),
    attempts: 4,
    backoffMs: 1_000,
    timeoutMs: 60_000,
    concurrency: 2,
  },
  /** A slice of an act on many images; one that is not done writes the next task itself. */
  bulk: {
    payload: z.strictObject({ operationId: z.uuid() }),
    attempts: 8,
    backoffMs: 1_000,
    timeoutMs: 90_000,
    concurrency: 2,
  },
  /** Starts the pack that was ordered along with a training, once that has succeeded. */
  'start-pack': {
    payload: z.strictObject({ packOrderId: z.uuid() }),
    attempts: 8,
    backoffMs: 1_000,
    timeoutMs: 30_000,
    concurrency: 4,
  },
  /** A job that ended badly, for the board's eyes only; Postgres holds its story. The task's id is the job's. */
  'dead-letters': {
    payload: z.strictObject({ jobId: z.uuid(), attempt: z.int().min(1), cause: z.string().nullable() }),
    attempts: 1,
    backoffMs: 0,
    timeoutMs: 0,
    concurrency: 0,
  },
} as const satisfies Record<string, Task>;

export type TaskName = keyof typeof TASKS;
export type TaskPayload<Name extends TaskName> = z.infer<(typeof TASKS)[Name]['payload']>;
export const TASK_NAMES = Object.keys(TASKS) as TaskName[];
/** Tasks that a worker handles. */
export type HandledTask = Exclude<TaskName, 'dead-letters'>;
export const HANDLED_TASKS = TASK_NAMES.filter((name): name is HandledTask => TASKS[name].concurrency > 0);

export function isTaskName(name: string): name is TaskName {
  return Object.hasOwn(TASKS, name);
}
