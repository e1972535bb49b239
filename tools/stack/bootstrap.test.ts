import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { repositoryRoot } from './paths.ts';

const MANIFESTS = ['pnpm-lock.yaml', 'package.json', 'pnpm-workspace.yaml'];

/** A checkout with everything installed and a start script of the test's own. */
function checkout(startScript: string): string {
  const root = mkdtempSync(join(tmpdir(), 'pixgen-bootstrap-'));
  for (const folder of ['tools', 'node_modules/.bin', 'fake-bin']) mkdirSync(join(root, folder), { recursive: true });
  for (const name of ['bootstrap.mjs', ...MANIFESTS]) copyFileSync(join(repositoryRoot, name), join(root, name));
  symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'));
  writeFileSync(join(root, 'tools/start.ts'), startScript);
  // Stands for the registry: notes what it was asked, installs nothing.
  const npx = '#!/bin/sh\necho "$@" "CI=$CI" "npm=$npm_config_user_agent" >> npx.log\n';
  writeFileSync(join(root, 'fake-bin/npx'), npx, { mode: 0o755 });
  return root;
}

function stamp(root: string): string {
  const hash = createHash('sha256');
  for (const name of MANIFESTS) hash.update(readFileSync(join(root, name)));
  return hash.update(`${process.platform} ${process.arch}`).digest('hex');
}

function bootstrap(root: string, ...args: string[]): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const env = {
    ...process.env,
    PATH: `${join(root, 'fake-bin')}:${process.env.PATH}`,
    npm_config_user_agent: 'npm/10',
  };
  const child = spawn(process.execPath, [join(root, 'bootstrap.mjs'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return child as ChildProcess & { stdout: NodeJS.ReadableStream };
}

async function outcome(child: ReturnType<typeof bootstrap>): Promise<{ code: number | null; output: string }> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

it('installs the locked packages once, without asking and without npm settings, then runs the script', async () => {
  const root = checkout(`console.log('started', process.argv.slice(2).join(' '), process.env.npm_config_user_agent)`);
  const first = await outcome(bootstrap(root, 'start', '--gpu=simulator'));
  expect(first).toMatchObject({ code: 0, output: expect.stringContaining('started --gpu=simulator undefined') });
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { packageManager: string };
  const asked = `-y ${packageManager} install --frozen-lockfile CI=true npm=\n`;
  expect(readFileSync(join(root, 'npx.log'), 'utf8')).toBe(asked);

  await outcome(bootstrap(root, 'start'));
  expect(readFileSync(join(root, 'npx.log'), 'utf8')).toBe(asked);
});

it('installs again when the lockfile changed', async () => {
  const root = checkout('');
  writeFileSync(join(root, 'node_modules/.stamp'), stamp(root));
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'changed');
  await outcome(bootstrap(root, 'start'));
  expect(readFileSync(join(root, 'npx.log'), 'utf8')).toContain('install --frozen-lockfile');
});

it('passes the exit code of the script on', async () => {
  const root = checkout('process.exit(7)');
  writeFileSync(join(root, 'node_modules/.stamp'), stamp(root));
  expect((await outcome(bootstrap(root, 'start'))).code).toBe(7);
});

it('passes a stop signal on and waits for the script to end in its own way', async () => {
  const root = checkout(`
    process.on('SIGTERM', () => { console.log('bye'); process.exit(0) });
    console.log('up');
    setInterval(() => {}, 1000)`);
  writeFileSync(join(root, 'node_modules/.stamp'), stamp(root));
  const child = bootstrap(root, 'start');
  await once(createInterface(child.stdout), 'line');
  const ended = outcome(child);
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, output: 'bye\n' });
});

it('lets the script know when it is killed itself', async () => {
  const root = checkout(`
    process.on('disconnect', () => { console.log('alone'); process.exit(0) });
    console.log('up');
    setInterval(() => {}, 1000)`);
  writeFileSync(join(root, 'node_modules/.stamp'), stamp(root));
  const child = bootstrap(root, 'start');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  child.kill('SIGKILL');
  expect(await lines.next()).toMatchObject({ value: 'alone' });
});

it('names its commands when asked for another', async () => {
  const root = checkout('');
  expect(await outcome(bootstrap(root, 'dance'))).toEqual({
    code: 1,
    output: 'Usage: node bootstrap.mjs start|test|demo\n',
  });
});
