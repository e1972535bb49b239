/**
 * Natural batching: while two batches are under way, what arrives waits and becomes the next one. Without
 * `gather` there is no timer: an idle system answers one request as fast as a plain query, a busy one shares a commit among many.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** Nine seconds in all with the pauses in use: enough for a deadlock or a restart of Postgres, and no stop waits too long. */
const COLLECTOR_TRIES = 5;

/** Collects what may wait: everything that came within `afterMs` is done together. */
export type Collector<Item> = {
  add(item: Item): void;
  /** Does now what is left; call it before the connections close. */
  flush(): Promise<void>;
};

/**
 * @param run tried {@link COLLECTOR_TRIES} times, ever more slowly; the last failure is given to `onError`
 * @param options.afterMs how long the first of a batch waits
 */
export function createCollector<Item>(
  run: (items: Item[]) => Promise<void>,
  options: { afterMs: number; onError: (error: Error) => void },
): Collector<Item> {
  let waiting: Item[] = [];
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();

  async function runTried(items: Item[]): Promise<void> {
    for (let turn = 1; ; turn += 1) {
      try {
        return await run(items);
      } catch (error) {
        if (turn === COLLECTOR_TRIES) return options.onError(error as Error);
        await delay(options.afterMs * 2 ** turn);
      }
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const items = waiting;
    waiting = [];
    if (items.length > 0) last = Promise.all([last, runTried(items)]).then(() => undefined);
    return last;
  }

  return {
    add(item) {
      waiting.push(item);
      timer ??= setTimeout(() => void flush(), options.afterMs);
    },
    flush,
  };
}

/** Runs many requests at once; answers stand in the order of the requests. */
export type BatchRun<Request, Answer> = (requests: Request[]) => Promise<Answer[]>;

/**
 * @param run one round trip for many requests; must be all-or-nothing
 * @param options.maxBatch requests in one batch
 * @param options.maxInFlight batches under way at once: more of them wait for the disk together, fewer are larger and cost
 *   less. Measured with the whole path at saturation: two instead of four, CPU of API and worker against the skeleton
 *   1.60 → 1.51, and nobody waited longer at 50 jobs/s
 * @param options.gather what is not urgent waits for company until this long after the last batch
 * @returns a function that joins the next batch. A failed batch is run again one by one, so that one bad request never
 *   fails its neighbours.
 */
export function createBatcher<Request, Answer>(
  run: BatchRun<Request, Answer>,
  options: {
    maxBatch: number;
    maxInFlight?: number;
    gather?: { forMs: number; isUrgent: (request: Request) => boolean };
  },
): (request: Request) => Promise<Answer> {
  type Waiting = { request: Request; resolve: (answer: Answer) => void; reject: (error: unknown) => void };
  const maxInFlight = options.maxInFlight ?? 2;
  let waiting: Waiting[] = [];
  let inFlight = 0;
  let lastRunAt = Number.NEGATIVE_INFINITY;
  let gathering: NodeJS.Timeout | undefined;

  async function runAlone(one: Waiting): Promise<void> {
    try {
      const [answer] = await run([one.request]);
      one.resolve(answer as Answer);
    } catch (error) {
      one.reject(error);
    }
  }

  async function runBatch(batch: Waiting[]): Promise<void> {
    try {
      const answers = await run(batch.map((one) => one.request));
      for (const [index, one] of batch.entries()) one.resolve(answers[index] as Answer);
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const one of batch) await runAlone(one);
    }
  }

  /** @returns ms to wait for company */
  function patienceMs(): number {
    const { gather } = options;
    if (!gather || waiting.length >= options.maxBatch || waiting.some(({ request }) => gather.isUrgent(request)))
      return 0;
    return lastRunAt + gather.forMs - performance.now();
  }

  function pump(): void {
    while (inFlight < maxInFlight && waiting.length > 0) {
      const ms = patienceMs();
      clearTimeout(gathering);
      if (ms > 0) {
        gathering = setTimeout(pump, ms);
        return;
      }
      lastRunAt = performance.now();
      const batch = waiting.slice(0, options.maxBatch);
      waiting = waiting.slice(options.maxBatch);
      inFlight += 1;
      void runBatch(batch).finally(() => {
        inFlight -= 1;
        pump();
      });
    }
  }

  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      // One turn of the event loop gathers requests that arrived in the same read of their sockets.
      if (inFlight < maxInFlight) setImmediate(pump);
    });
}
