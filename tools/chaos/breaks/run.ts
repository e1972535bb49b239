/** Shows that each invariant's check can fail: breaks the product on purpose and requires that the right name is called. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { repositoryRoot } from '../../stack/paths.ts';
import { PlainError } from '../../stack/plain-error.ts';
import { planRequests } from '../plan.ts';
import { runChaos } from '../run.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { lostEvents } from '../scenarios/r6.ts';
import { quota } from '../scenarios/r8.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { freshFolder } from '../system.ts';
import { BREAKS, type Break } from './breaks.ts';
import { whileBroken } from './hook.ts';

type Say = (line: string) => void;
type Outcome = { named: boolean; said: string };

const DOSE = { jobs: 30, kills: 0, people: 2 };
const SEED = 14;
const WINDOW_MS = 12_000;
/** What is broken may never heal; what is sound has ended by then. */
const HEAL_MS = 45_000;
const SMALL: Readonly<Record<string, Scenario>> = {
  'r8-small': quota('r8-small', 400),
  'r6-small': lostEvents('r6-small', 20),
};

/** Every third order is sent again and every fourth is cancelled, so that little load shows much. */
function requests() {
  return planRequests(SEED, DOSE, WINDOW_MS).map((request, index) => ({
    ...request,
    orders: request.orders.map((order) => ({
      ...order,
      replayAfterMs: index % 3 === 0 ? 1_500 : null,
      // In the middle of the work, and when it is over.
      cancelAfterMs: index % 4 === 1 ? 300 * (index % 10) : index % 4 === 3 ? 6_000 : null,
    })),
  }));
}

/** @returns the invariants that the checker named in a small run with these breaks and all their faults */
export async function namesFound(names: readonly string[], say: Say): Promise<Set<string>> {
  const faults = names.flatMap((name) => BREAKS[name]?.run?.faults ?? []).toSorted((a, b) => a.atMs - b.atMs);
  const plan = { windowMs: WINDOW_MS, requests: requests(), faults };
  const options = { name: `break-${names.join('-') || 'none'}`, seed: SEED, dose: DOSE, plan, healMs: HEAL_MS, say };
  const { verdict } = await whileBroken(names, () => runChaos(options));
  for (const { invariant, subject, message } of verdict.findings.slice(0, 3))
    say(`  ${invariant} ${subject}: ${message}`);
  return new Set(verdict.findings.map(({ invariant }) => invariant));
}

/**
 * Runs each of these breaks. Without names all of them, and first the same load with none, of which nothing may be said.
 *
 * @param wanted names; those joined by `+` share a run, which must name all of them
 */
export async function runBreaks(wanted: readonly string[], say: Say): Promise<number> {
  const startedAt = performance.now();
  const names = wanted.length > 0 ? wanted : inFewRuns(Object.keys(BREAKS));
  const missed: string[] = [];
  if (wanted.length === 0) {
    say('sound: the same load and nothing broken');
    if ((await namesFound([], say)).size > 0) missed.push('sound');
  }
  for (const name of names) {
    const group = name.split('+');
    for (const one of group) say(`${one}: ${breakOf(one).what}`);
    const { named, said } =
      group.length > 1 ? await groupOutcome(group, say) : await outcomeOf(name, breakOf(name), say);
    say(named ? `✓ ${name} was named: ${said}` : `✗ ${name} was not named: ${said}`);
    if (!named) missed.push(name);
  }
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  say(JSON.stringify({ breaks: names.length, missed, seconds }));
  return missed.length === 0 ? 0 : 1;
}

/** Breaks that do not hide each other share a run: most of a run is its beginning. */
const TOGETHER = ['I3', 'I10', 'I12'];

function inFewRuns(names: readonly string[]): string[] {
  return [TOGETHER.join('+'), ...names.filter((name) => !TOGETHER.includes(name))];
}

function breakOf(name: string): Break {
  const found = BREAKS[name];
  if (!found) throw new PlainError(`No break is called ${name}. There are: ${Object.keys(BREAKS).join(', ')}.`);
  return found;
}

async function groupOutcome(group: readonly string[], say: Say): Promise<Outcome> {
  const wanted = group.map((name) => {
    const { run } = breakOf(name);
    if (!run) throw new PlainError(`${name} is not shown by a run, and cannot share one.`);
    return run.finds;
  });
  const said = await namesFound(group, say);
  return { named: wanted.every((one) => said.has(one)), said: [...said].join(', ') || 'nothing' };
}

async function outcomeOf(name: string, { run, scenario, test }: Break, say: Say): Promise<Outcome> {
  if (run) {
    const said = await namesFound([name], say);
    return { named: said.has(run.finds), said: [...said].join(', ') || 'nothing' };
  }
  if (scenario) {
    const runScenario = SMALL[scenario.name] ?? SCENARIOS[scenario.name];
    if (!runScenario) throw new Error(`no scenario is called ${scenario.name}`);
    const report = await whileBroken([name], () => runScenario(say));
    return { named: !report.passed && scenario.isWrong(report), said: JSON.stringify(report) };
  }
  if (!test) throw new Error(`break ${name} says nothing about what shows it`);
  const failed = await whileBroken([name], () => fails(test));
  return { named: failed, said: `the test "${test.name}" of ${test.file} ${failed ? 'fails' : 'passes'}` };
}

/** True when the test ran and failed, not when there was none. */
async function fails({ file, name }: { file: string; name: string }): Promise<boolean> {
  const path = [join(repositoryRoot, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const report = join(freshFolder('break-test'), 'report.json');
  const args = [
    'run',
    '--project=integration',
    `--testNamePattern=${name}`,
    '--reporter=json',
    `--outputFile=${report}`,
  ];
  const child = spawn('vitest', [...args, file], {
    cwd: repositoryRoot,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'close');
  const { numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as { numFailedTests: number };
  return numFailedTests > 0;
}
