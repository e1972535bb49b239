/** What of the chaos runs is short enough for every run of the tests, and is not part of `pnpm chaos --ci`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { canMount } from '../chaos/small-disks.ts';
import { repositoryRoot } from '../stack/paths.ts';

async function chaos(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['tools/chaos/main.ts', ...args], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

it('I14: full disks of Postgres, Valkey and the object store lose nothing, are told clearly, and need nobody afterwards', {
  timeout: 600_000,
}, async ({ skip }) => {
  if (!canMount()) skip('this user may not mount a small disk (run as root, and with CAP_SYS_ADMIN in a container)');
  const { code, output } = await chaos('--scenario', 'i14');
  expect(code, output).toBe(0);
});

it('the checker names guarantees that were broken on purpose: the ledger, objects, graceful stops', {
  timeout: 400_000,
}, async () => {
  const { code, output } = await chaos('--breaks', 'I3+I10+I12');
  expect(code, output).toBe(0);
});
