import { setTimeout as delay } from 'node:timers/promises';
import type { Exit } from './exit-reason.ts';
import type { Service } from './process.ts';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** An app that ran this long before it fell starts again with the shortest wait. */
const STEADY_MS = 60_000;

/**
 * Starts a service again whenever it ends unasked, waiting longer each time.
 * @param onCrash told before each wait: why it ended and when it comes back.
 * @returns a function that ends the supervision; the service itself is left as it is.
 */
export function keepRunning(service: Service, onCrash: (exit: Exit, nextTryMs: number) => void): () => void {
  const over = new AbortController();
  let waitMs = FIRST_WAIT_MS;
  let startedAt = performance.now();
  const onExit = async (exit: Exit): Promise<void> => {
    if (exit.expected || over.signal.aborted) return;
    if (performance.now() - startedAt > STEADY_MS) waitMs = FIRST_WAIT_MS;
    onCrash(exit, waitMs);
    try {
      await delay(waitMs, undefined, { signal: over.signal });
    } catch {
      return; // stopped meanwhile
    }
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    startedAt = performance.now();
    // A start that fails ends in another exit event, and so comes back here.
    await service.start().catch(() => undefined);
  };
  const listener = (exit: Exit) => void onExit(exit);
  service.on('exit', listener);
  return () => {
    over.abort();
    service.off('exit', listener);
  };
}
