import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readRecordFolder } from './record.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pixgen-record-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the simulator as a process, lets `use` work with it, and kills it without warning. */
async function startAndKill(use: (url: string) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { PATH: process.env.PATH ?? '', GPU_SERVER_PORT: '0', SIMULATOR_RECORD: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  await use(line.replace(/^.* /, ''));
  child.kill('SIGKILL');
  await exited;
}

it('what the simulator did is known after it was killed, process by process', async () => {
  const jobIds = [newId(), newId()];
  for (const jobId of jobIds) {
    await startAndKill(async (url) => {
      const ticket = { jobId, attempt: 1, token: 'a'.repeat(64), claimUrl: 'http://outside.test/gpu/claim' };
      const answer = await fetch(`${url}/submit`, { method: 'POST', body: JSON.stringify(ticket) });
      expect(answer.status).toBe(400);
    });
  }
  expect(readRecordFolder(folder)).toMatchObject(jobIds.map((jobId) => [{ kind: 'submit', jobId, answer: 'outside' }]));
});
