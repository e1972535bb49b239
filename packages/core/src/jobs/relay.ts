/** The relay: outbox rows to the queue, woken by a Redis message, with a slow poll as backstop. */
import { type OutboxRow, relayOutbox } from '@pixgen/db';
import { isTaskName, type NewTask, TASKS } from '@pixgen/queue';
import type { Deps } from '../deps.ts';

const BATCH = 200;
/** A lost wake-up delays a job by at most this. */
const POLL_MS = 2_000;
/** After a failure (Redis or Postgres away): rows wait in Postgres meanwhile. */
const RETRY_MS = 500;

/** @returns a function that stops the relay after the batch in hand */
export function startRelay(deps: Deps): () => Promise<void> {
  let stopped = false;
  let woken = false;
  let wake: (() => void) | undefined;
  const onWake = (): void => {
    woken = true;
    wake?.();
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (stopped || woken) wake();
    });

  async function run(): Promise<void> {
    await deps.live
      .onWakeRelay(onWake)
      .catch((error: Error) => deps.log.warn({ err: error }, 'the relay polls until redis is back'));
    while (!stopped) {
      woken = false;
      try {
        let moved = BATCH;
        while (moved === BATCH && !stopped) {
          moved = await relayOutbox(deps.db.pool, BATCH, send);
          if (moved > 0) deps.passPoint('relay.afterMark');
        }
        await pause(POLL_MS);
      } catch (error) {
        deps.log.warn({ err: error }, 'the relay tries again');
        woken = false;
        await pause(RETRY_MS);
      }
    }
  }

  async function send(rows: OutboxRow[]): Promise<void> {
    deps.passPoint('relay.afterLock');
    await deps.producer.add(rows.flatMap(toTask));
    deps.passPoint('relay.afterAdd');
  }

  /** A row of a task that this version does not know is dropped, loudly: it could never be handled. */
  function toTask(row: { id: string; task: string; payload: object }): NewTask[] {
    if (isTaskName(row.task) && TASKS[row.task].payload.safeParse(row.payload).success) {
      return [{ task: row.task, id: row.id, payload: row.payload } as NewTask];
    }
    deps.log.error({ outboxId: row.id, task: row.task }, 'an outbox row does not fit any task');
    return [];
  }

  const running = run();
  return async () => {
    stopped = true;
    wake?.();
    await running;
  };
}
