/** Periodic work that one process of all does at a time. */
import type { Deps } from '@pixgen/core';
import { holdLease, releaseLease } from '@pixgen/db';
import { newId } from '@pixgen/domain';

export type LeasedWork = {
  /**
   * ms since a pass last came to an end here, well or not, or said that it goes on; null before the first. A store that
   * is away ends passes early, and no restart heals that; what grows without end hangs.
   */
  lastPassAgeMs: () => number | null;
  stop: () => Promise<void>;
};

/**
 * Runs `work` every `everyMs` while this process holds the lease. A failed pass is logged and the next one tries again;
 * passes never overlap.
 *
 * @param work is given a function by which a long pass says that it goes on
 * @param firstAfterMs for heavy work that needs no repetition at each start
 */
export function startLeasedWork(
  deps: Pick<Deps, 'db' | 'log'>,
  name: string,
  everyMs: number,
  work: (goesOn: () => void) => Promise<void>,
  firstAfterMs = 0,
): LeasedWork {
  const holder = newId();
  let stopped = false;
  let lastPass: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();

  // Not the clock on the wall, which may be set: nobody is stuck for that.
  const goesOn = (): void => {
    lastPass = performance.now();
  };
  async function pass(): Promise<void> {
    goesOn();
    try {
      // Longer than two periods: a slow pass keeps its lease, a dead holder is replaced soon.
      if (await holdLease(deps.db.pool, name, holder, everyMs * 2 + 5_000)) await work(goesOn);
    } catch (error) {
      deps.log.warn({ err: error, work: name }, 'periodic work failed this time');
    }
    goesOn();
    if (!stopped) timer = setTimeout(tick, everyMs);
  }
  function tick(): void {
    current = pass();
  }
  if (firstAfterMs === 0) tick();
  else timer = setTimeout(tick, firstAfterMs);
  return {
    lastPassAgeMs: () => (lastPass === null ? null : performance.now() - lastPass),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
      await releaseLease(deps.db.pool, name, holder).catch((error: Error) =>
        deps.log.warn({ err: error, work: name }, 'the lease runs out by itself'),
      );
    },
  };
}
