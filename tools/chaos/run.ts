/** One chaos run: system, load, faults, healing, verdict. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { check, type Evidence, type Verdict } from './checker.ts';
import { query, readRows, sweepAndList, watchEnds } from './evidence.ts';
import { runFaults } from './faults.ts';
import { type History, startHistory } from './history.ts';
import { type Answers, createPerson, runLoad } from './load.ts';
import type { Dose, Plan } from './plan.ts';
import { freshFolder, PROCESSES, type System, type SystemOptions, startSystem } from './system.ts';

const HEAL_MS = 180_000;
/** After a job's end, until its calls have learned of it. */
const QUIET_MS = 60_000;
const STEP_MS = 500;

export type RunReport = {
  seed: number;
  jobs: number;
  kills: number;
  acknowledged: number;
  lost: number;
  ranTwice: number;
  ledgerDrift: number;
  nonTerminal: number;
  seconds: number;
};

export type RunResult = {
  report: RunReport;
  verdict: Verdict;
  evidence: Evidence;
  historyFile: string;
  notes: string[];
};

export type RunOptions = {
  /** Names the folder of the run. */
  name: string;
  seed: number;
  dose: Dose;
  plan: Plan;
  system?: Pick<SystemOptions, 'gpu' | 'env'>;
  say: (line: string) => void;
  /** Called before the load begins; what it returns, after everything has ended. */
  watch?: (system: System) => Promise<() => Promise<void>>;
  /** From the end of the faults until everything must have ended by itself. */
  healMs?: number;
};

export async function runChaos({
  name,
  seed,
  dose,
  plan,
  system: options,
  say,
  watch,
  healMs = HEAL_MS,
}: RunOptions): Promise<RunResult> {
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 100) / 10;
  const folder = freshFolder(name);
  const history = startHistory(join(folder, 'history.jsonl'));
  history.note('plan', { seed, dose, plan });
  const system = await startSystem({ folder, history, ...options });
  try {
    const people = await Promise.all(
      Array.from({ length: dose.people }, (_, index) => createPerson(system.apiUrl, `person-${index}`)),
    );
    say(`${seconds()} s: the system stands, ${people.length} people have trained a model`);
    const ended = watchEnds(system.stores);
    const endWatch = await watch?.(system);
    // The load gives up only when the system has had its whole time to heal.
    const patience = new AbortController();
    const load = runLoad({ apiUrl: system.apiUrl, people, requests: plan.requests, history, signal: patience.signal });
    const kills = await runFaults(system, plan.faults, history);
    say(`${seconds()} s: ${kills} kills and ${plan.faults.length - kills} other faults are over`);
    history.note('healing', {});
    let answered = false;
    void waitFor(healMs, async () => answered).then(() => patience.abort());
    const answers = await load;
    answered = true;
    await healed(system, healMs);
    say(`${seconds()} s: everything has ended, or its time is over`);
    await quiet(system);
    await ended.end();
    await endWatch?.();
    const evidence = await gather(system, answers, ended.observations);
    const verdict = check(evidence);
    writeEvidence(history, evidence, verdict);
    const { acknowledged, lost, ranTwice, ledgerDrift, nonTerminal } = verdict;
    const report = {
      seed,
      jobs: dose.jobs,
      kills,
      acknowledged,
      lost,
      ranTwice,
      ledgerDrift,
      nonTerminal,
      seconds: seconds(),
    };
    return { report, verdict, evidence, historyFile: history.file, notes: notesOf(evidence) };
  } catch (error) {
    say(`the run of seed ${seed} broke off; its history: ${history.file}`);
    throw error;
  } finally {
    await system.stop();
  }
}

/** Waits until no job is alive; false when that takes longer. Nothing is done to help. */
export async function healed(system: System, withinMs: number): Promise<boolean> {
  return waitFor(withinMs, async () => {
    if (!PROCESSES.every((name) => system.processes[name].isUp())) return false;
    return (await query(system.stores, `SELECT 1 FROM "Job" WHERE "endedAt" IS NULL LIMIT 1`)).length === 0;
  });
}

/** Waits until no call works any more: one may write an object after its job has ended. */
export async function quiet(system: System): Promise<boolean> {
  return waitFor(QUIET_MS, async () => (await system.gpuCalls()) === 0);
}

/** Counted in steps, not read from a clock: the whole machine may be suspended meanwhile. */
async function waitFor(withinMs: number, ready: () => Promise<boolean>): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += STEP_MS) {
    if (await ready().catch(() => false)) return true;
    await delay(STEP_MS);
  }
  return false;
}

export async function gather(
  system: System,
  answers: Answers,
  observations: Evidence['observations'],
): Promise<Evidence> {
  // Rows after the listing would miss what ends in between; everything has ended, so the order is free.
  const objects = await sweepAndList(system.stores);
  const rows = await readRows(system.stores);
  const { stops, crashes } = system.ends;
  return { ...answers, observations, rows, gpu: system.gpuRecord(), objects, stops, crashes };
}

function writeEvidence(history: History, { rows, gpu, objects }: Evidence, { findings }: Verdict): void {
  for (const [table, lines] of Object.entries(rows)) for (const row of lines) history.note('row', { table, row });
  for (const [life, lines] of gpu.entries()) for (const line of lines) history.note('gpu', { life, line });
  history.note('objects', { objects });
  for (const finding of findings) history.note('finding', finding);
}

/** Figures beside the verdict, for people. */
function notesOf({ rows, gpu, crashes, stops }: Evidence): string[] {
  const count = (values: string[]) =>
    [...new Set(values)].map((value) => `${value} ${values.filter((one) => one === value).length}`).join(', ');
  const longest = Math.max(0, ...stops.map(({ tookMs }) => tookMs));
  const ends = gpu.flat().flatMap((line) => (line.kind === 'end' ? [line] : []));
  const gpuMs = (lines: typeof ends) => lines.reduce((all, line) => all + line.gpuMs, 0);
  const superseded = gpuMs(ends.filter(({ state }) => state === 'superseded'));
  return [
    `states: ${count(rows.jobs.map(({ state }) => state))}`,
    `attempts: ${count(rows.jobs.map(({ attempt }) => `${attempt}.`))}`,
    `calls ended: ${count(ends.map(({ state }) => state))}`,
    `GPU time: ${Math.round(gpuMs(ends) / 1000)} s, of it ${((100 * superseded) / Math.max(1, gpuMs(ends))).toFixed(2)} % of superseded calls`,
    `graceful stops: ${stops.length}, longest ${longest} ms; ends by themselves: ${count(crashes.map(({ process }) => process)) || 'none'}`,
  ];
}
