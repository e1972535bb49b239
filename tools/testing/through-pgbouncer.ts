/**
 * Runs the tests of packages/db, packages/core and the main job with PgBouncer in transaction mode between them and
 * Postgres; with one that can keep prepared statements apart a second time, with these. Where it is not installed they are
 * skipped, but fail with `--required` and in CI. `npm test` leaves out a few files that mostly compute.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findPgBouncer, pgBouncerVersion } from './pgbouncer.ts';

const FILES = ['packages/db/src', 'packages/core/src', 'tools/integration/ten-steps.test.ts'];
/** What takes these long is decoding and hashing, which no pooler sees: `pnpm test:pgbouncer` runs them too. */
const NOT_ABOUT_IT = [
  'packages/core/src/photos/photos.test.ts',
  'packages/core/src/identity/passwords.test.ts',
  'packages/core/src/gallery/hostile-work.test.ts',
];
/** Those whose statements have names. */
const NAMED = ['packages/db/src', 'tools/integration/ten-steps.test.ts'];
const KEEPS_FROM_MINOR = 21;

const isRequired = process.argv.includes('--required');
const left = isRequired ? [] : NOT_ABOUT_IT.map((file) => `--exclude=${file}`);
const given = process.argv.slice(2).filter((arg) => arg !== '--required');

async function main(): Promise<number> {
  const program = findPgBouncer();
  if (program === null) {
    const isFailure = isRequired || Boolean(process.env.CI);
    console.log(
      `${isFailure ? 'FAILED' : 'SKIPPED'}: PgBouncer is not installed. Debian and Ubuntu: apt-get install pgbouncer (no set-up is ` +
        'needed, and the service that the package starts is not used). Anywhere else: put pgbouncer on the PATH, or name it in PGBOUNCER.',
    );
    return isFailure ? 1 : 0;
  }
  const [major, minor] = pgBouncerVersion(program);
  const code = await runTests(FILES, { TEST_PGBOUNCER: program });
  if (major === 1 && minor < KEEPS_FROM_MINOR) {
    console.log(
      `PgBouncer ${major}.${minor} cannot keep prepared statements apart: not run with them (1.${KEEPS_FROM_MINOR} can).`,
    );
    return code;
  }
  return Math.max(code, await runTests(NAMED, { TEST_PGBOUNCER: program, TEST_PGBOUNCER_STATEMENTS: 'kept' }));
}

async function runTests(files: readonly string[], env: Record<string, string>): Promise<number> {
  const args = ['run', '--project', 'integration', ...left, ...given, ...files];
  const child = spawn('vitest', args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

process.exit(await main());
