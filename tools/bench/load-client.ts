/**
 * Makes the load and takes the time, in a process of its own and the same for both sides: plain HTTP requests in, one SSE
 * subscriber out. Told what to do by its parent over IPC.
 */
import { Agent, request } from 'node:http';

/** How one side is spoken to. */
export type Target = {
  startUrl: string;
  liveUrl: string;
  headers: Record<string, string>;
  /** Body of the n-th start; `{n}` is replaced. */
  body: string;
  /** Path of the job's id in the answer, e.g. `result.data.job.id`. */
  jobIdPath: string;
  /** Where the stream's messages have the job's id and its state. */
  live: { jobIdPath: string; statePath: string };
};
export type Load =
  | { mode: 'closed'; jobs: number; inFlight: number }
  | { mode: 'open'; jobs: number; perSecond: number };
export type LoadCommand = { target: Target; load: Load; run: string };
export type LoadResult = {
  durationMs: number;
  /** From the first byte of the request to the terminal state on the stream, in order of ending. */
  latenciesMs: number[];
  /** From the request to its answer. */
  acceptMs: number[];
  errors: string[];
};

const JOB_TIMEOUT_MS = 30_000;

process.on('message', (command: LoadCommand) => {
  runLoad(command).then(
    (result) => process.send?.({ result }),
    (error: Error) => process.send?.({ error: error.message }),
  );
});

async function runLoad({ target, load, run }: LoadCommand): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true });
  const terminal = new Map<string, { at: number; state: string }>();
  const waiting = new Map<string, (end: { at: number; state: string }) => void>();
  const stream = await follow(target, (jobId, state) => {
    const end = { at: performance.now(), state };
    const waiter = waiting.get(jobId);
    if (waiter) waiter(end);
    else terminal.set(jobId, end);
  });
  const result: LoadResult = { durationMs: 0, latenciesMs: [], acceptMs: [], errors: [] };
  const one = async (index: number): Promise<void> => {
    const startedAt = performance.now();
    try {
      const body = target.body.replaceAll('{n}', String(index)).replaceAll('{run}', run);
      const jobId = String(at(JSON.parse(await post(target, agent, body)), target.jobIdPath));
      result.acceptMs.push(performance.now() - startedAt);
      const end = terminal.get(jobId) ?? (await ending(jobId, waiting));
      terminal.delete(jobId);
      if (end.state !== 'succeeded') throw new Error(`job ended ${end.state}`);
      result.latenciesMs.push(end.at - startedAt);
    } catch (error) {
      result.errors.push(error instanceof Error ? error.message : String(error));
    }
  };
  const startedAt = performance.now();
  if (load.mode === 'closed') await closedLoop(load, one);
  else await openLoop(load, one);
  result.durationMs = performance.now() - startedAt;
  stream.close();
  agent.destroy();
  return result;
}

async function closedLoop(
  { jobs, inFlight }: { jobs: number; inFlight: number },
  one: (index: number) => Promise<void>,
) {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < jobs) await one(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** Starts at fixed times whatever the answers do: a slow server cannot slow down its own load. */
async function openLoop(
  { jobs, perSecond }: { jobs: number; perSecond: number },
  one: (index: number) => Promise<void>,
) {
  const startedAt = performance.now();
  const running: Promise<void>[] = [];
  for (let index = 0; index < jobs; index++) {
    const wait = startedAt + (index * 1000) / perSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    running.push(one(index));
  }
  await Promise.all(running);
}

function ending(jobId: string, waiting: Map<string, (end: { at: number; state: string }) => void>) {
  return new Promise<{ at: number; state: string }>((resolve, reject) => {
    const timer = setTimeout(() => {
      waiting.delete(jobId);
      reject(new Error('no terminal state in time'));
    }, JOB_TIMEOUT_MS);
    waiting.set(jobId, (end) => {
      clearTimeout(timer);
      waiting.delete(jobId);
      resolve(end);
    });
  });
}

function post({ startUrl, headers }: Target, agent: Agent, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const all = { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(startUrl, { method: 'POST', agent, headers: all }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.once('end', () => {
        if (incoming.statusCode === 200) resolve(text);
        else reject(new Error(`start: HTTP ${incoming.statusCode} ${text.slice(0, 300)}`));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Opens the stream and calls back for every terminal state; resolves when its first byte has come. */
function follow(
  { liveUrl, headers, live }: Target,
  onEnd: (jobId: string, state: string) => void,
): Promise<{ close(): void }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(liveUrl, { headers: { ...headers, accept: 'text/event-stream' } }, (incoming) => {
      if (incoming.statusCode !== 200) return reject(new Error(`live: HTTP ${incoming.statusCode}`));
      let rest = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        resolve({ close: () => outgoing.destroy() });
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (!line.startsWith('data:')) continue;
          const message: unknown = JSON.parse(line.slice('data:'.length).trim() || 'null');
          const state = at(message, live.statePath);
          if (state === 'succeeded' || state === 'failed' || state === 'cancelled' || state === 'expired') {
            onEnd(String(at(message, live.jobIdPath)), state);
          }
        }
      });
      incoming.once('error', () => {});
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => (inner as Record<string, unknown> | null)?.[name], value);
}
