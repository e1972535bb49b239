/** One process of the system under test, kept running as a process manager would, and the ways to hurt it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '../stack/process.ts';
import type { History } from './history.ts';

/** A process manager loses patience a moment after a graceful stop should have ended. */
const STOP_DEADLINE_MS = 31_000;
const RESTART_MS = 500;
const STEP_MS = 10;

export type Supervised = {
  readonly name: string;
  /** True while it serves. */
  isUp(): boolean;
  /** Waits until it serves; false when that takes longer than `withinMs`. */
  untilUp(withinMs: number): Promise<boolean>;
  /** Ends it without warning; it comes back after `restartAfterMs`. */
  kill(restartAfterMs: number): Promise<void>;
  /** Asks it to stop and waits for its end; it comes back after `restartAfterMs`. */
  terminate(restartAfterMs: number): Promise<void>;
  /** Takes it off its CPU for this long, then lets it go on as if nothing had been. */
  freeze(ms: number): Promise<void>;
  /** Ends the supervision, not the process. */
  release(): void;
};

/** A graceful stop: exit status 0 within the deadline, or not. */
export type Stop = { process: string; tookMs: number; code: number | null };

/** An end that nobody asked for. */
export type Crash = { process: string; at: string; code: number | null; signal: string | null; lastLines: string };

export type Ends = { stops: Stop[]; crashes: Crash[] };

/** @param service running already */
export function supervise(service: Service, history: History, ends: Ends): Supervised {
  const { name } = service;
  let released = false;
  let up = true;
  let asked = false;
  let restartAfterMs = RESTART_MS;
  let lastCode: number | null = null;
  let kills = 0;

  service.on('exit', (exit) => {
    up = false;
    lastCode = exit.code;
    if (exit.expected || released) return;
    if (!asked) {
      const { code, signal, lastLines } = exit;
      const crash = { process: name, at: new Date().toISOString(), code, signal, lastLines: lastLines.slice(-1_500) };
      ends.crashes.push(crash);
      history.note('crash', crash);
    }
    void comeBack();
  });

  async function comeBack(): Promise<void> {
    await delay(restartAfterMs);
    asked = false;
    restartAfterMs = RESTART_MS;
    if (released) return;
    try {
      await service.start();
      up = true;
      history.note('up', { process: name });
    } catch {
      // A start that fails ends in another exit, and so comes back here.
    }
  }

  async function untilUp(withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (!up && performance.now() < deadline) await delay(20);
    return up;
  }

  return {
    name,
    isUp: () => up,
    untilUp,
    async kill(afterMs) {
      asked = true;
      kills += 1;
      restartAfterMs = afterMs;
      // From now on: a stop that is asked for before the end is noticed would be judged by this kill.
      up = false;
      await service.kill('SIGKILL');
    },
    async terminate(afterMs) {
      asked = true;
      restartAfterMs = afterMs;
      const killsBefore = kills;
      const wasUp = up;
      let gone = false;
      const end = service.kill('SIGTERM').then(() => {
        gone = true;
      });
      // Counted in steps, not read from a clock: the whole machine may be suspended meanwhile.
      let tookMs = 0;
      for (; !gone && tookMs < STOP_DEADLINE_MS; tookMs += STEP_MS) await delay(STEP_MS);
      if (!gone) await service.kill('SIGKILL');
      await end;
      const stop = { process: name, tookMs, code: lastCode };
      // One that another fault killed on its way out says nothing about graceful stops, nor does one that was told to stop
      // before it served: it had nothing in hand, and before Node has read the program a signal just ends it.
      const counts = wasUp && kills === killsBefore;
      if (counts) ends.stops.push(stop);
      history.note('stopped', { ...stop, counts });
    },
    async freeze(ms) {
      const { pid } = service;
      await service.kill('SIGSTOP');
      await delay(ms);
      if (service.pid === pid) await service.kill('SIGCONT');
    },
    release() {
      released = true;
    },
  };
}
