// The page of all components is for those who work on them: `next dev` has it, a build has not (see web-twice.test.ts).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { repositoryRoot } from './paths.ts';
import { choosePorts, releasePorts } from './ports.ts';
import { baseEnvironment, Service } from './process.ts';

const folder = mkdtempSync(join(tmpdir(), 'pixgen-components-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('shows every component of the library while developing', { timeout: 300_000 }, async () => {
  const { web: port } = await choosePorts(join(folder, 'ports.json'), { web: {} });
  const url = `http://127.0.0.1:${port}`;
  const cwd = join(repositoryRoot, 'apps/web');
  const server = new Service({
    name: 'next dev',
    command: process.execPath,
    args: [join(cwd, 'node_modules/next/dist/bin/next'), 'dev', '--hostname', '127.0.0.1', '--port', String(port)],
    cwd,
    env: baseEnvironment({
      NODE_ENV: 'development',
      NEXT_TELEMETRY_DISABLED: '1',
      API_URL: 'http://127.0.0.1:9',
      PUBLIC_URL: url,
      UPLOAD_ORIGIN: 'http://127.0.0.1:9',
      AUTH_MODE: 'local',
    }),
    logFile: join(folder, 'dev.log'),
    readyDeadlineMs: 120_000,
    isReady: async () => (await fetch(`${url}/healthz`)).ok,
  });
  try {
    await server.start();
    const answer = await fetch(`${url}/components`);
    expect(answer.status).toBe(200);
    const shown = [...(await answer.text()).matchAll(/data-component="(\w+)"/g)].map(([, name]) => name);
    const index = readFileSync(join(repositoryRoot, 'packages/ui/src/index.ts'), 'utf8');
    // Components begin with a capital letter; types are none.
    const exported = [...index.matchAll(/(?<!type )\b([A-Z]\w+)\b(?=[^{}]*\} from)/g)].map(([, name]) => name);
    expect(exported.length).toBeGreaterThan(20);
    expect(shown).toEqual(expect.arrayContaining([...exported, 'Modal']));
  } finally {
    await server.stop();
    releasePorts([port]);
  }
});
