/**
 * Natural batching: while two batches are under way, what arrives waits and becomes the next one. No timer: an idle
 * system answers one request as fast as a plain query, a busy one shares a commit among many.
 */

/** Runs many requests at once; answers stand in the order of the requests. */
export type BatchRun<Request, Answer> = (requests: Request[]) => Promise<Answer[]>;

/**
 * @param run one round trip for many requests; must be all-or-nothing
 * @param options.maxBatch requests in one batch
 * @param options.maxInFlight batches under way at once: more of them wait for the disk together, fewer are larger.
 *   Measured with the whole path at 50 jobs/s and at saturation: one or two at a time made callers wait for each other
 * @returns a function that joins the next batch. A failed batch is run again one by one, so that one bad request never
 *   fails its neighbours.
 */
export function createBatcher<Request, Answer>(
  run: BatchRun<Request, Answer>,
  options: { maxBatch: number; maxInFlight?: number },
): (request: Request) => Promise<Answer> {
  type Waiting = { request: Request; resolve: (answer: Answer) => void; reject: (error: unknown) => void };
  const maxInFlight = options.maxInFlight ?? 4;
  let waiting: Waiting[] = [];
  let inFlight = 0;

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

  function pump(): void {
    while (inFlight < maxInFlight && waiting.length > 0) {
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
