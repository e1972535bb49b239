/** The page's end of the worker that prepares photos. It starts with the first photo and ends with the page. */
import { LIMITS } from '@pixgen/domain';
import type { PrepareAnswer, PrepareRequest } from './prepare-worker';

/** `broken`: the worker ended over it. */
type Result = PrepareAnswer['result'] | 'broken';
let worker: Worker | null = null;
let count = 0;
const waiting = new Map<number, (result: Result) => void>();

export function prepareInWorker(blob: Blob, person: boolean): Promise<Result> {
  worker ??= start();
  count += 1;
  const request: PrepareRequest = { id: count, blob, maxPixels: LIMITS.photos.maxPixels, person };
  return new Promise((resolve) => {
    waiting.set(request.id, resolve);
    worker?.postMessage(request);
  });
}

function start(): Worker {
  const made = new Worker(new URL('./prepare-worker.ts', import.meta.url), { type: 'module' });
  made.onmessage = ({ data: { id, result } }: MessageEvent<PrepareAnswer>) => {
    waiting.get(id)?.(result);
    waiting.delete(id);
  };
  // A picture that takes the worker with it (want of memory) ends the wait of all that were in its hands.
  made.onerror = () => {
    made.terminate();
    worker = null;
    for (const resolve of waiting.values()) resolve('broken');
    waiting.clear();
  };
  return made;
}
