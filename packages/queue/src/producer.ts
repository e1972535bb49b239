/** Puts tasks on their queues. Called by the relay and by steps that a sweep repeats, never inside a request. */
import { type Job, type JobsOptions, type JobType, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { TASK_NAMES, TASKS, type TaskName, type TaskPayload } from './catalog.ts';

/** All keys of the queue share this start, so that several installations can share a Redis. */
export const QUEUE_PREFIX = 'pixgen';

export type NewTask = { [Name in TaskName]: { task: Name; id: string; payload: TaskPayload<Name> } }[TaskName];

export type Producer = {
  /** Adds tasks; an id that the queue still knows is dropped as a duplicate. */
  add(tasks: NewTask[]): Promise<void>;
  /** Takes these dead letters off the board. */
  removeDeadLetters(jobIds: string[]): Promise<void>;
  /**
   * Takes away every task about these jobs or photos, also ended ones that are kept for the board. One that a worker has in
   * hand stays; it finds nothing to do.
   *
   * @returns how many were removed
   */
  forget(about: { jobIds: readonly string[]; photoIds: readonly string[] }): Promise<number>;
  /** Takes dead letters off the board that are older than this. */
  trimDeadLetters(olderThanMs: number): Promise<void>;
  /** Tasks per queue that wait (also for another try), are in hand, and failed for good and are kept for the board. */
  counts(): Promise<{ task: TaskName; waiting: number; active: number; failed: number }[]>;
  /** One BullMQ queue per task, for the board. */
  queues: Queue[];
  close(): Promise<void>;
};

function optionsOf(name: TaskName, id: string): JobsOptions {
  const { attempts, backoffMs } = TASKS[name];
  return {
    jobId: id,
    attempts,
    backoff: { type: 'exponential', delay: backoffMs, jitter: 0.5 },
    removeOnComplete: { age: 3_600, count: 1_000 },
    removeOnFail: { age: 7 * 86_400, count: 5_000 },
  };
}

const EVERY_STATE: JobType[] = ['waiting', 'delayed', 'prioritized', 'completed', 'failed'];
const READ_BATCH = 1_000;

/** Before anything is removed: positions move then. */
async function readAll(queue: Queue): Promise<Job[]> {
  const tasks: Job[] = [];
  for (const state of EVERY_STATE) {
    for (let start = 0; ; start += READ_BATCH) {
      const some = await queue.getJobs([state], start, start + READ_BATCH - 1);
      // One that ended meanwhile may be gone.
      tasks.push(...some.filter((task) => task !== undefined && task !== null));
      if (some.length < READ_BATCH) break;
    }
  }
  return tasks;
}

/** Ids of jobs and photos that a task is about. */
function idsOf(payload: { jobId?: string; jobIds?: string[]; photoId?: string }): string[] {
  return [payload?.jobId ?? [], payload?.jobIds ?? [], payload?.photoId ?? []].flat();
}

/** @param redis a `command` connection: adding fails at once while Redis is away */
export function createProducer(redis: Redis): Producer {
  const byName = new Map(
    TASK_NAMES.map((name) => [
      name,
      new Queue(name, { connection: redis, prefix: QUEUE_PREFIX, skipMetasUpdate: true }),
    ]),
  );
  // Its connection is given and says itself when it fails; a queue without a listener would print the error a second time, raw.
  for (const queue of byName.values()) queue.on('error', () => undefined);
  return {
    queues: [...byName.values()],
    async add(tasks) {
      const groups = new Map<TaskName, NewTask[]>();
      for (const task of tasks) groups.set(task.task, [...(groups.get(task.task) ?? []), task]);
      await Promise.all(
        [...groups].map(async ([name, group]) => {
          const queue = byName.get(name);
          const [only] = group;
          // A pipeline for one task would cost twice the task.
          if (only && group.length === 1) await queue?.add(name, only.payload, optionsOf(name, only.id));
          else
            await queue?.addBulk(group.map(({ id, payload }) => ({ name, data: payload, opts: optionsOf(name, id) })));
        }),
      );
    },
    async removeDeadLetters(jobIds) {
      for (const jobId of jobIds) await byName.get('dead-letters')?.remove(jobId);
    },
    async forget({ jobIds, photoIds }) {
      const ids = new Set([...jobIds, ...photoIds]);
      if (ids.size === 0) return 0;
      let removed = 0;
      for (const queue of byName.values()) {
        const tasks = await readAll(queue);
        for (const task of tasks.filter(({ data }) => idsOf(data).some((id) => ids.has(id)))) {
          // Refused only while a worker holds its lock.
          removed += await task.remove().then(
            () => 1,
            () => 0,
          );
        }
      }
      // Its messages name jobs, as nobody listens to them.
      if (jobIds.length > 0) await byName.get('dead-letters')?.trimEvents(0);
      return removed;
    },
    async trimDeadLetters(olderThanMs) {
      await byName.get('dead-letters')?.clean(olderThanMs, 10_000, 'wait');
    },
    async counts() {
      return Promise.all(
        [...byName].map(async ([task, queue]) => {
          const counts = await queue.getJobCounts('wait', 'delayed', 'prioritized', 'active', 'failed');
          const waiting = (counts.wait ?? 0) + (counts.delayed ?? 0) + (counts.prioritized ?? 0);
          return { task, waiting, active: counts.active ?? 0, failed: counts.failed ?? 0 };
        }),
      );
    },
    async close() {
      await Promise.all([...byName.values()].map((queue) => queue.close()));
    },
  };
}
