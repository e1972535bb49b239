import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { choosePorts, releasePorts } from './ports.ts';

const file = () => join(mkdtempSync(join(tmpdir(), 'pixgen-ports-')), 'ports.json');
let server: Server | undefined;
afterEach(() => server?.close());

function occupy(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server?.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

it('gives a second start the ports of the first', async () => {
  const path = file();
  const first = await choosePorts(path, { api: {}, web: {} });
  releasePorts(Object.values(first));
  expect(await choosePorts(path, { api: {}, web: {} })).toEqual(first);
});

it('replaces a remembered port that another program took meanwhile', async () => {
  const path = file();
  const { api } = await choosePorts(path, { api: {} });
  releasePorts([api]);
  await occupy(api);
  const again = await choosePorts(path, { api: {} });
  expect(again.api).not.toBe(api);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(again);
});

it('refuses a taken port that a person fixed, naming the port, who fixed it and who holds it', async () => {
  const port = await occupy(0);
  const refused = choosePorts(file(), { web: { fixed: { port, setBy: '--port' } } });
  await expect(refused).rejects.toThrow(`Port ${port} (--port) is already taken`);
  if (process.platform === 'linux') await expect(refused).rejects.toThrow(`by pid ${process.pid}`);
});

it('never gives one port to two stacks that start at the same time', async () => {
  const names = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`port${index}`, {}]));
  const chosen = await Promise.all([choosePorts(file(), names), choosePorts(file(), names)]);
  const ports = chosen.flatMap((ports) => Object.values(ports));
  expect(new Set(ports).size).toBe(40);
  releasePorts(ports);
});

it('keeps a port for its stack while the service is down, whatever other processes start, until the stack has ended', async () => {
  const path = file();
  const { api } = await choosePorts(path, { api: {} });
  const module = JSON.stringify(new URL('./ports.ts', import.meta.url).href);
  const other = (wish: number) => {
    const code = `import { choosePorts } from ${module};
      console.log((await choosePorts(${JSON.stringify(file())}, { api: { preferred: ${wish} } })).api);`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
    return Number(stdout);
  };
  const chosen = other(api);
  expect([chosen > 0, chosen === api]).toEqual([true, false]);
  // That process has ended without giving anything back.
  expect(other(chosen)).toBe(chosen);
  releasePorts([api]);
  expect(other(api)).toBe(api);
});
