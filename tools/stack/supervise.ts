import { setTimeout as delay } from 'node:timers/promises';
import type { Exit, Service } from './process.ts';

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

/** The last thing a crashed program said, as one line. Structured log lines give their message. */
export function reasonOf(exit: Exit): string {
  const lines = exit.lastLines
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const telling = lines.findLast(
    (line) => /error|fatal|panic|exception|refused|failed/i.test(line) && !line.startsWith('at '),
  );
  const how = exit.signal ? `ended by ${exit.signal}` : `exit code ${exit.code ?? '?'}`;
  const line = telling ?? lines.at(-1);
  return line === undefined ? how : `${messageOf(line)} (${how})`;
}

function messageOf(line: string): string {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === 'object' && entry !== null && 'msg' in entry) return String(entry.msg);
  } catch {
    // Plain text.
  }
  return line.slice(0, 300);
}
