// `npm test`: everything, step after step. `--only NAME,NAME` runs the named parts or groups (`check` is all but tests).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { generateClient, isClientGenerated } from './stack/database.ts';
import { repositoryRoot } from './stack/paths.ts';
import { describeError, PlainError } from './stack/plain-error.ts';
import { COMPILE_CACHE, signalGroup } from './stack/process.ts';
import { ensurePython, GPU_TEST_ENVIRONMENT, SERVICES_ENVIRONMENT } from './stack/python.ts';
import { runProgram } from './stack/run-program.ts';
import { guardGroup, releaseGroup } from './stack/watchdog.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** By name, and what else went wrong. */
  readonly failures: readonly string[];
}

interface Part {
  readonly name: string;
  readonly group: 'check' | 'test';
  readonly command: readonly [program: string, ...args: string[]];
  /** Relative to the checkout. */
  readonly cwd?: string;
  /** How many tests ran, from the file or the output that the part leaves. A part without tests has none. */
  readonly count?: (output: string) => Counts;
  /** Longer than this is said aloud, and fails nothing: other work on the machine may be why. */
  readonly slowAboveMs?: number;
}

const outputFolder = join(repositoryRoot, 'test-output');
/** The pinned tools first, also when this script was not started by a package manager. */
const programs = [join(repositoryRoot, 'node_modules/.bin'), process.env.PATH].join(delimiter);
const python = join(GPU_TEST_ENVIRONMENT.folder, 'bin/python');

function vitest(name: string): Part {
  const report = join(outputFolder, `vitest-${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return {
    name,
    group: 'test',
    command: ['vitest', 'run', '--project', name, ...reporters],
    count: (output) => countVitest(report, output),
  };
}

/** What stands in one step runs side by side: checks keep one core busy each, the chaos run and the stacks mostly wait. */
const STEPS: readonly (readonly Part[])[] = [
  [
    { name: 'format and lint', group: 'check', command: ['biome', 'ci', '.'] },
    { name: 'typed lint', group: 'check', command: ['oxlint', '--type-aware'] },
    { name: 'types', group: 'check', command: ['pnpm', '-r', '--parallel', 'exec', 'tsc', '--noEmit'] },
    { name: 'unused code', group: 'check', command: ['knip'] },
    { name: 'import rules', group: 'check', command: ['turbo', 'boundaries'] },
  ],
  [
    { name: 'gpu lint', group: 'check', command: [python, '-m', 'ruff', 'check', '.'], cwd: 'gpu' },
    { name: 'gpu format', group: 'check', command: [python, '-m', 'ruff', 'format', '--check', '.'], cwd: 'gpu' },
    { name: 'gpu types', group: 'check', command: [python, '-m', 'pyright'], cwd: 'gpu' },
    vitest('unit'),
  ],
  [vitest('stack'), { name: 'pgbouncer', group: 'test', command: ['node', 'tools/testing/through-pgbouncer.ts'] }],
  [vitest('integration')],
  [
    { name: 'chaos', group: 'test', command: ['node', 'tools/chaos/main.ts', '--ci'] },
    {
      name: 'gpu',
      group: 'test',
      command: [python, '-m', 'pytest', '-q', '-n', '2', '--dist', 'loadfile'],
      cwd: 'gpu',
      count: countPytest,
      slowAboveMs: 240_000,
    },
  ],
  [vitest('browser')],
];

async function main(): Promise<number> {
  const steps = chooseSteps(process.argv.slice(2));
  rmSync(outputFolder, { recursive: true, force: true });
  mkdirSync(outputFolder, { recursive: true });
  const startedAt = performance.now();
  if (!isClientGenerated()) await generateClient();
  const installing = installPython(steps.flat());
  // Awaited by the first step that needs it; until then nobody would hear of a failure.
  installing.catch(() => undefined);
  const rows: Array<{ part: Part; tookMs: number; failed: boolean; counts: Counts | undefined }> = [];
  const finish = async (part: Part, isAlone: boolean) => {
    const partStartedAt = performance.now();
    if (isAlone) console.log(pc.bold(`▶ ${part.name}`));
    const { code, output } = await run(part, isAlone);
    if (!isAlone) console.log(`${pc.bold(`▶ ${part.name}`)}\n${output}`);
    const counts = code === 'missing' ? undefined : part.count?.(output);
    const tookMs = performance.now() - partStartedAt;
    rows.push({ part, tookMs, failed: code !== 0, counts });
    if (code !== 0) console.log(pc.red(`✗ ${part.name} failed; all of its output: ${logFile(part)}`));
  };
  for (const step of steps) {
    if (step.some((part) => usesGpuTools(part) || part.group === 'test')) await installing;
    await Promise.all(step.map((part) => finish(part, step.length === 1)));
  }
  console.log(`\n${'part'.padEnd(18)}${'seconds'.padStart(8)}  result`);
  for (const { part, tookMs, failed, counts } of rows) {
    const result = `${failed ? pc.red('failed') : pc.green('ok')}${counts ? pc.dim(`  ${counts.passed} passed, ${counts.failed} failed`) : ''}`;
    console.log(`${part.name.padEnd(18)}${(tookMs / 1000).toFixed(1).padStart(8)}  ${result}`);
    if (part.slowAboveMs !== undefined && tookMs > part.slowAboveMs)
      console.log(pc.yellow(`  ! took longer than ${part.slowAboveMs / 1000} s`));
    // Once more where everybody looks: what came before may be thousands of lines up.
    for (const failure of counts?.failures ?? []) console.log(pc.red(`  ✗ ${failure}`));
  }
  console.log(`${'all'.padEnd(18)}${((performance.now() - startedAt) / 1000).toFixed(1).padStart(8)}\n`);
  const sum = (key: 'passed' | 'failed' | 'skipped') =>
    rows.reduce((total, { counts }) => total + (counts?.[key] ?? 0), 0);
  // A part that fails without a failed test (a lint, a crash) still counts: the closing line must never read as success.
  const failedParts = rows.filter(({ failed, counts }) => failed && (counts?.failed ?? 0) === 0).length;
  const skipped = sum('skipped');
  console.log(
    `${sum('passed')} passed, ${sum('failed') + failedParts} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  );
  return rows.some(({ failed }) => failed) ? 1 : 0;
}

function chooseSteps(args: string[]): readonly (readonly Part[])[] {
  const { values } = parseArgs({ args, options: { only: { type: 'string' } } });
  if (values.only === undefined) return STEPS;
  const names = values.only.split(',');
  const isChosen = ({ name, group }: Part) => names.includes(name) || names.includes(group);
  const chosen = STEPS.map((step) => step.filter(isChosen)).filter((step) => step.length > 0);
  if (chosen.length > 0) return chosen;
  const all = STEPS.flat().map(({ name }) => name);
  throw new PlainError(`No part is called ${values.only}. Parts: ${all.join(', ')}; groups: check, test.`);
}

const usesGpuTools = ({ command }: Part): boolean => command[0] === python;

/** The Python that the chosen parts need. */
async function installPython(parts: readonly Part[]): Promise<void> {
  if (parts.some(usesGpuTools)) await ensurePython(GPU_TEST_ENVIRONMENT);
  if (parts.some(({ group }) => group === 'test')) await ensurePython(SERVICES_ENVIRONMENT);
}

/** Runs a part with its output kept, and shown as it comes. */
async function run(part: Part, isShown: boolean): Promise<{ code: number | 'missing'; output: string }> {
  const [program, ...args] = part.command;
  const cwd = join(repositoryRoot, part.cwd ?? '.');
  const child = spawn(program, args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env, PATH: programs, NO_COLOR: '1' },
  });
  const { pid } = child;
  if (pid !== undefined) guardGroup(pid, 'SIGTERM');
  const log = createWriteStream(logFile(part));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      log.write(text);
      if (isShown) process.stdout.write(text);
    });
  }
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code: code ?? 1, output };
  } catch (error) {
    console.log(describeError(error));
    return { code: 'missing', output };
  } finally {
    if (pid !== undefined) {
      signalGroup(pid, 'SIGKILL');
      releaseGroup(pid);
    }
    log.end();
  }
}

function logFile(part: Part): string {
  return join(outputFolder, `${part.name.replaceAll(' ', '-')}.log`);
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: ReadonlyArray<{
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: ReadonlyArray<{ readonly fullName: string; readonly status: string }>;
  }>;
}

function countVitest(report: string, output: string): Counts {
  if (!existsSync(report)) return { passed: 0, failed: 0, skipped: 0, failures: [] };
  const found = JSON.parse(readFileSync(report, 'utf8')) as VitestReport;
  const failures = found.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(repositoryRoot, name);
    const tests = assertionResults.filter((test) => test.status === 'failed');
    if (tests.length > 0) return tests.map(({ fullName }) => `${file} › ${fullName}`);
    // A file that fails without a failed test could not be loaded, set up or taken down.
    return status === 'failed' ? [`${file}: ${message.split('\n', 1)[0]}`] : [];
  });
  // These fail a run without failing a test, and the report leaves them out.
  const unhandled = [...output.matchAll(/Unhandled (?:Rejection|Error).*\n(?:.*\n)?.*Error: .*/g)];
  return {
    passed: found.numPassedTests,
    failed: found.numFailedTests,
    skipped: found.numPendingTests,
    failures: [...failures, ...unhandled.map(([text]) => text.replaceAll(/\s+/g, ' '))],
  };
}

function countPytest(output: string): Counts {
  const count = (word: string) => Number(output.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0);
  return {
    passed: count('passed'),
    failed: count('failed') + count('errors?'),
    skipped: count('skipped'),
    failures: [...output.matchAll(/^(?:FAILED|ERROR) (.*)$/gm)].map(([, name = '']) => name),
  };
}

runProgram(main);
