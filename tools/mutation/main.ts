/**
 * `pnpm mutation`: breaks the parts that everything rests on in small ways, one at a time, and runs the tests that guard
 * them. A mutant that no test notices is a guarantee nobody protects. Exit status 1 when a file is under its goal.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../stack/paths.ts';
import { setup } from '../testing/global-setup.ts';
import { findEquivalent } from './equivalent.ts';
import { GUARDED } from './guarded.ts';
import { applyMutant, type Mutant, mutantsOf, sample } from './mutants.ts';
import { createTestRunner, type TestRunner } from './test-runner.ts';

const USAGE = `pnpm mutation [--file part-of-a-path] [--seed 20261122] [--n 40 | --all] [--list]`;
const GOAL = 0.85;

type Row = { file: string; mutants: number; killed: number; equivalent: number; survivors: Mutant[] };

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      file: { type: 'string', default: '' },
      seed: { type: 'string', default: '20261122' },
      n: { type: 'string', default: '40' },
      all: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  const files = Object.keys(GUARDED).filter((file) => file.includes(values.file));
  if (files.length === 0) {
    console.error(`${USAGE}\nfiles: ${Object.keys(GUARDED).join(' ')}`);
    return 2;
  }
  const chosen = (source: string): Mutant[] => {
    const mutants = mutantsOf(source);
    return values.all ? mutants : sample(mutants, Number(values.n), Number(values.seed));
  };
  if (values.list) {
    for (const file of files) for (const mutant of chosen(read(file))) console.log(describe(file, mutant));
    return 0;
  }
  const startedAt = performance.now();
  process.env.TEST_DOSE = 'mutant';
  const stopServers = await setup();
  const runner = await createTestRunner([...new Set(files.flatMap((file) => GUARDED[file] ?? []))]);
  try {
    const rows: Row[] = [];
    for (const file of files) rows.push(await breakFile(runner, file, chosen(read(file))));
    return report(rows, { seed: Number(values.seed), seconds: Math.round((performance.now() - startedAt) / 1000) });
  } finally {
    await runner.close();
    await stopServers?.();
  }
}

const read = (file: string): string => readFileSync(join(repositoryRoot, file), 'utf8');

async function breakFile(runner: TestRunner, file: string, mutants: Mutant[]): Promise<Row> {
  const source = read(file);
  const tests = GUARDED[file] ?? [];
  const unbroken = await runner.run(file, source, tests);
  if (unbroken !== 'passed') throw new Error(`The tests of ${file} fail without any mutant: ${tests.join(', ')}`);
  const row: Row = { file, mutants: 0, killed: 0, equivalent: 0, survivors: [] };
  for (const mutant of mutants) {
    if (findEquivalent(file, source, mutant)) {
      row.equivalent += 1;
      continue;
    }
    row.mutants += 1;
    const outcome = await runner.run(file, applyMutant(source, mutant), tests);
    if (outcome === 'passed') {
      row.survivors.push(mutant);
      console.log(`survived  ${describe(file, mutant)}`);
    } else row.killed += 1;
  }
  console.log(`${row.killed} of ${row.mutants} noticed in ${file}`);
  return row;
}

function describe(file: string, { line, before, after }: Mutant): string {
  const short = (text: string): string => {
    const oneLine = text.replace(/\s+/g, ' ').trim();
    return oneLine.length > 90 ? `${oneLine.slice(0, 87)}…` : oneLine;
  };
  return `${file}:${line}  ${short(before) || '(nothing)'}  →  ${short(after) || '(nothing)'}`;
}

function report(rows: Row[], run: { seed: number; seconds: number }): number {
  const scoreOf = ({ killed, mutants }: { killed: number; mutants: number }): number =>
    mutants === 0 ? 1 : Math.round((killed / mutants) * 1000) / 1000;
  console.log(`\n${'file'.padEnd(46)}mutants  killed  survived  equivalent  score`);
  for (const row of rows) {
    const counts = [row.mutants, row.killed, row.survivors.length, row.equivalent].map(String);
    const [mutants = '', killed = '', survived = '', equivalent = ''] = counts;
    console.log(
      `${row.file.padEnd(46)}${mutants.padStart(7)}${killed.padStart(8)}${survived.padStart(10)}${equivalent.padStart(12)}${`${(scoreOf(row) * 100).toFixed(1)} %`.padStart(9)}`,
    );
  }
  const sum = (key: 'mutants' | 'killed' | 'equivalent'): number => rows.reduce((total, row) => total + row[key], 0);
  const total = { mutants: sum('mutants'), killed: sum('killed') };
  const weak = rows.filter((row) => scoreOf(row) < GOAL);
  for (const { file } of weak) console.error(`✗ ${file} is under ${GOAL * 100} %`);
  console.log(JSON.stringify({ ...total, score: scoreOf(total), equivalent: sum('equivalent'), ...run }));
  return weak.length > 0 ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
