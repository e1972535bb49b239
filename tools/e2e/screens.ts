// `pnpm screens`: a picture of every screen in every state, from the browser tests, and one page that shows them all.
// `--collect` only makes the page again. The exit status is 1 when a test fails or a picture is missing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../stack/paths.ts';
import { writeContactPage } from './contact-page.ts';
import { SCREENSHOTS } from './pictures.ts';
import { SCREENS } from './screens-table.ts';

/** Tests that take pictures, all of them with the simulator. */
const TESTS = [
  'screens',
  'studio',
  'gallery',
  'wizard',
  'checkpoints',
  'reports',
  'api-reference',
  'passwords',
  'training',
].map((name) => `tools/e2e/${name}.test.ts`);

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { collect: { type: 'boolean', default: false } } });
  let code = 0;
  if (!values.collect) {
    rmSync(SCREENSHOTS, { recursive: true, force: true });
    const vitest = join(repositoryRoot, 'node_modules/vitest/vitest.mjs');
    const args = [vitest, 'run', '--project', 'browser', ...TESTS];
    const tests = spawn(process.execPath, args, {
      cwd: repositoryRoot,
      stdio: 'inherit',
      env: { ...process.env, TEST_DOSE: 'full' },
    });
    [code] = (await once(tests, 'close')) as [number];
  }
  if (!existsSync(SCREENSHOTS)) mkdirSync(SCREENSHOTS, { recursive: true });
  const { path, missing } = writeContactPage(SCREENSHOTS, SCREENS);
  console.log(`All screens: ${path}`);
  if (missing.length > 0) console.log(`${missing.length} pictures are missing:\n  ${missing.join('\n  ')}`);
  return code !== 0 || missing.length > 0 ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
