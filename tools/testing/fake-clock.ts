/** A clock of its own for a process: libfaketime between it and the system, set through a file while the process runs. */
import { globSync, renameSync, writeFileSync } from 'node:fs';

/** Where Debian and its relatives put it; the variant for programs with threads. */
const LIBRARY = '/usr/lib/*/faketime/libfaketimeMT.so.1';

export type FakeClock = {
  /** For the process. */
  env: Record<string, string>;
  /** From now on the process's clock is this much ahead of the true one, in whole seconds; negative: behind. */
  set(offsetMs: number): void;
};

/** @returns the library, or null where it is not installed (Debian: `apt-get install faketime`) */
export function findFakeTime(): string | null {
  return globSync(LIBRARY).at(0) ?? null;
}

/** @param file holds the offset; each process needs its own, in a folder that is there */
export function createFakeClock(library: string, file: string): FakeClock {
  // Put in place as a whole: somebody may be reading it.
  const set = (offsetMs: number): void => {
    writeFileSync(`${file}.new`, `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs) / 1_000}`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  return {
    set,
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      // The file is read with every look at the clock.
      FAKETIME_NO_CACHE: '1',
      // A clock that is set does not change how long things take.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  };
}
