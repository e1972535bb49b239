/**
 * Runs the tests of packages/db, packages/core and the main job with PgBouncer in transaction mode between them and
 * Postgres. `--required`: fails when PgBouncer is not installed, instead of skipping.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findPgBouncer } from './pgbouncer.ts';

const FILES = ['packages/db/src', 'packages/core/src', 'tools/integration/ten-steps.test.ts'];

const program = findPgBouncer();
if (program === null) {
  const required = process.argv.includes('--required');
  console.log(`${required ? 'FAILED' : 'SKIPPED'}: PgBouncer is not installed (Debian: apt-get install pgbouncer).`);
  process.exit(required ? 1 : 0);
}
const args = [
  'run',
  '--project',
  'integration',
  ...process.argv.slice(2).filter((arg) => arg !== '--required'),
  ...FILES,
];
const child = spawn('vitest', args, { stdio: 'inherit', env: { ...process.env, TEST_PGBOUNCER: program } });
const [code] = (await once(child, 'exit')) as [number | null];
process.exit(code ?? 1);
