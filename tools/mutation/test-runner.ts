/**
 * Runs tests against a mutant. No file is written: the runner is given the changed text where it asks for the source, so
 * nothing has to be put back, whatever happens.
 */
import { join } from 'node:path';
import { createVitest, type Vitest } from 'vitest/node';
import { repositoryRoot } from '../stack/paths.ts';

/** A process that was paused for minutes must not read as a hang, so a run that took too long is tried once more. */
const LIMIT_MS = 90_000;

export type Outcome = 'passed' | 'failed' | 'hung';

export type TestRunner = {
  /** Runs these test files while `file` has this text; all paths relative to the repository. */
  run: (file: string, text: string, tests: readonly string[]) => Promise<Outcome>;
  close: () => Promise<void>;
};

export async function createTestRunner(allTests: readonly string[]): Promise<TestRunner> {
  const changed = new Map<string, string>();
  let vitest: Vitest | undefined;

  async function start(): Promise<Vitest> {
    return createVitest(
      'test',
      {
        config: false,
        root: repositoryRoot,
        watch: false,
        include: [...allTests],
        pool: 'forks',
        maxWorkers: 1,
        bail: 1,
        testTimeout: 20_000,
        hookTimeout: 30_000,
        reporters: [{}],
        silent: true,
        // Kept on disk under the hash of the file's own text, which is not the mutant's.
        fsModuleCache: false,
      },
      {
        logLevel: 'silent',
        plugins: [{ name: 'mutant', enforce: 'pre', load: (id: string) => changed.get(id.split('?')[0] ?? id) }],
      },
    );
  }

  async function runOnce(tests: readonly string[]): Promise<Outcome> {
    vitest ??= await start();
    const runner = vitest;
    for (const test of tests) {
      const specifications = await runner.globTestSpecifications([test]);
      if (specifications.length === 0) throw new Error(`There is no test file ${test}.`);
      // Failures of earlier runs count towards `bail`, and would end this one before its first test.
      runner.state.filesMap.clear();
      let timer: NodeJS.Timeout | undefined;
      const hung = new Promise<'hung'>((resolve) => {
        timer = setTimeout(() => resolve('hung'), LIMIT_MS);
      });
      const result = await Promise.race([runner.runTestSpecifications(specifications), hung]);
      clearTimeout(timer);
      if (result === 'hung') {
        vitest = undefined;
        await runner.close();
        return 'hung';
      }
      const passed = result.unhandledErrors.length === 0 && result.testModules.every((module) => module.ok());
      if (!passed) return 'failed';
    }
    return 'passed';
  }

  return {
    async run(file, text, tests) {
      const path = join(repositoryRoot, file);
      changed.set(path, text);
      try {
        for (let tries = 1; ; tries += 1) {
          vitest?.invalidateFile(path);
          const outcome = await runOnce(tests);
          if (outcome !== 'hung' || tries === 2) return outcome;
        }
      } finally {
        changed.delete(path);
        vitest?.invalidateFile(path);
      }
    },
    async close() {
      await vitest?.close();
    },
  };
}
