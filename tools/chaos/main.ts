/** `pnpm chaos`: breaks the product on purpose and judges what is left. See `docs/decisions/0010-chaos.md`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { runProgram } from '../stack/run-program.ts';
import { BREAKS } from './breaks/breaks.ts';
import { runBreaks } from './breaks/run.ts';
import { type Dose, planRun } from './plan.ts';
import { type RunReport, runChaos } from './run.ts';
import { SCENARIOS } from './scenarios/index.ts';

const USAGE = `pnpm chaos --ci | --nightly [--at-once 2] | --seed N [--jobs 200] [--kills 24] | --scenario NAME | --breaks [NAME]

  --ci         the regression seeds of tools/chaos/seeds.json that are for CI, each with its own dose
  --nightly    1,000 jobs and 100 kills with each of 10 seeds, some at once, then all regression seeds and every scenario
  --seed N     the same plan again
  --scenario   one of: ${Object.keys(SCENARIOS).join(', ')}
  --breaks     breaks the product itself, one guarantee after the other, and requires that the checker names each:
               all of them, or some of ${Object.keys(BREAKS).join(', ')} (I3,I12; I3+I12 share a run)
`;

const CI: Dose = { jobs: 200, kills: 24, people: 4 };
const NIGHTLY: Dose = { jobs: 1_000, kills: 100, people: 8 };
const NIGHTLY_SEEDS = 10;
const MAX_SHOWN = 30;

const say = (line: string) => console.log(line);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      breaks: { type: 'boolean', default: false },
      'at-once': { type: 'string', default: '1' },
      ci: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      nightly: { type: 'boolean', default: false },
      seed: { type: 'string' },
      jobs: { type: 'string', default: String(CI.jobs) },
      kills: { type: 'string', default: String(CI.kills) },
      scenario: { type: 'string' },
    },
  });
  if (values.help) {
    say(USAGE);
    return 0;
  }
  if (values.breaks) {
    return runBreaks(
      positionals.flatMap((list) => list.split(',')),
      say,
    );
  }
  if (values.scenario !== undefined) return runScenarios(values.scenario.split(','));
  const first = Number(values.seed ?? 1);
  if (values.nightly) {
    const seeds = Array.from({ length: NIGHTLY_SEEDS }, (_, index) => ({ ...NIGHTLY, seed: first + index }));
    const failed = await runSeeds([...seeds, ...regressionSeeds()], Number(values['at-once']));
    return Math.max(failed, await runScenarios(Object.keys(SCENARIOS)));
  }
  if (values.seed !== undefined)
    return runSeeds([{ ...CI, seed: first, jobs: Number(values.jobs), kills: Number(values.kills) }]);
  if (values.ci) return runSeeds(regressionSeeds().filter((run) => run.in === 'ci'));
  console.error(USAGE);
  return 2;
}

type SeedRun = Dose & { seed: number };

const regressionRun = z.strictObject({
  seed: z.int(),
  jobs: z.int().min(1),
  kills: z.int().min(0),
  in: z.enum(['ci', 'nightly']),
});

/** Seeds that once found a fault, each with the dose that it found it with, and the first. */
function regressionSeeds(): (SeedRun & { in: 'ci' | 'nightly' })[] {
  const text = readFileSync(join(import.meta.dirname, 'seeds.json'), 'utf8');
  return z
    .array(regressionRun)
    .min(1)
    .parse(JSON.parse(text))
    .map((run) => ({ people: CI.people, ...run }));
}

/** The last line sums up; its seed is the first that failed, else the last. */
async function runSeeds(runs: readonly SeedRun[], atOnce = 1): Promise<number> {
  const reports = new Map<SeedRun, RunReport>();
  const failed = new Set<SeedRun>();
  const waiting = [...runs];
  const lane = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const { seed, ...dose } = run;
      const tell = (line: string) => say(atOnce > 1 ? `[${seed}] ${line}` : line);
      // A run that breaks off has shown nothing; the seeds after it still may.
      const report = await runSeed(seed, dose, tell).catch((error: Error) => tell(`  ✗ broke off: ${error.message}`));
      if (!report?.held) failed.add(run);
      if (report) reports.set(run, report.counts);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const sum = (key: keyof RunReport) => [...reports.values()].reduce((all, report) => all + report[key], 0);
  const total: RunReport = {
    seed: (runs.find((run) => failed.has(run)) ?? runs.at(-1))?.seed ?? 0,
    jobs: runs.reduce((all, { jobs }) => all + jobs, 0),
    kills: sum('kills'),
    acknowledged: sum('acknowledged'),
    lost: sum('lost'),
    ranTwice: sum('ranTwice'),
    ledgerDrift: sum('ledgerDrift'),
    nonTerminal: sum('nonTerminal'),
    seconds: Math.round(sum('seconds') * 10) / 10,
  };
  say(JSON.stringify(total));
  return failed.size === 0 ? 0 : 1;
}

async function runSeed(
  seed: number,
  dose: Dose,
  tell: (line: string) => void,
): Promise<{ counts: RunReport; held: boolean }> {
  tell(`seed ${seed}: ${dose.jobs} jobs, ${dose.kills} kills`);
  const result = await runChaos({ name: String(seed), seed, dose, plan: planRun(seed, dose), say: tell });
  for (const note of result.notes) tell(`  ${note}`);
  const { findings } = result.verdict;
  for (const { invariant, subject, message } of findings.slice(0, MAX_SHOWN))
    tell(`  ✗ ${invariant} ${subject}: ${message}`);
  const complete = result.report.acknowledged >= dose.jobs && result.report.kills >= dose.kills;
  if (!complete) tell('  ✗ not every job was acknowledged, or not every kill was made');
  const held = findings.length === 0 && complete;
  if (!held) tell(`  ${findings.length} findings with seed ${seed}; its history: ${result.historyFile}`);
  tell(JSON.stringify(result.report));
  return { counts: result.report, held };
}

async function runScenarios(names: readonly string[]): Promise<number> {
  let failed = 0;
  for (const name of names) {
    const scenario = SCENARIOS[name];
    if (!scenario) {
      console.error(`No scenario is called ${name}.\n\n${USAGE}`);
      return 2;
    }
    const report = await scenario(say);
    say(JSON.stringify({ scenario: name, ...report }));
    if (!report.passed) failed = 1;
  }
  return failed;
}

runProgram(main);
