/** Work that waits on rows of Postgres: taken by one worker at a time, taken over from one that died, tried until it is done. */
import type { Deps } from '@pixgen/core';

/** A row is another worker's this long after the one that had it fell silent. */
const IN_HAND_MS = 15_000;
const KEEP_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 1_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

type Pool = Deps['db']['pool'];
export type DueWork<Row extends { id: string; tries: number }> = {
  name: string;
  claim: (pool: Pool, forMs: number) => Promise<Row | null>;
  /** False: nobody wants it any more, and `signal` is aborted. */
  keep: (pool: Pool, id: string, forMs: number) => Promise<boolean>;
  run: (row: Row, signal: AbortSignal) => Promise<void>;
};

/** @returns stops after the row in hand; one that takes longer than `graceMs` is left to another worker */
export function startDueWork<Row extends { id: string; tries: number }>(
  deps: Pick<Deps, 'db' | 'log'>,
  work: DueWork<Row>,
): (graceMs: number) => Promise<void> {
  const { pool } = deps.db;
  let stopped = false;
  let wake: (() => void) | undefined;

  async function runOne(): Promise<boolean> {
    const row = await work.claim(pool, IN_HAND_MS);
    if (row === null) return false;
    const unwanted = new AbortController();
    const keeping = setInterval(() => {
      work.keep(pool, row.id, IN_HAND_MS).then(
        (isWanted) => isWanted || unwanted.abort(),
        (error: Error) => deps.log.warn({ err: error, work: work.name }, 'work in hand could not be kept this time'),
      );
    }, KEEP_EVERY_MS);
    try {
      await work.run(row, unwanted.signal);
    } catch (error) {
      clearInterval(keeping);
      if (unwanted.signal.aborted) return true;
      const afterMs = Math.min(1_000 * 2 ** row.tries, LONGEST_PAUSE_MS);
      deps.log.warn(
        { err: error, work: work.name, id: row.id, tries: row.tries, afterMs },
        'due work failed this time',
      );
      await work.keep(pool, row.id, afterMs);
    } finally {
      clearInterval(keeping);
    }
    return true;
  }

  async function loop(): Promise<void> {
    while (!stopped) {
      const hadWork = await runOne().catch((error: Error) => {
        deps.log.warn({ err: error, work: work.name }, 'due work could not be looked for');
        return false;
      });
      if (hadWork || stopped) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_EVERY_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  const running = loop();
  return async (graceMs) => {
    stopped = true;
    wake?.();
    const patience = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
    await Promise.race([running, patience]);
  };
}
