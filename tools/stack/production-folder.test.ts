// The images hold the workspace's folders with production packages only. This makes such a folder as deploy/Dockerfile does, and
// starts both servers from it: whatever needs a development package, or a file that pruning leaves out, fails here.
import { copyFileSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type AppContext, createApp } from './apps.ts';
import { prepareDatabase } from './database.ts';
import { repositoryRoot } from './paths.ts';
import { choosePorts } from './ports.ts';
import { baseEnvironment, runToEnd } from './process.ts';
import { startStack } from './stack.ts';

const root = mkdtempSync(join(tmpdir(), 'pixgen-production-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function makeProductionFolder(): Promise<string> {
  const binaries = join(repositoryRoot, 'node_modules/.bin');
  const env = baseEnvironment({ CI: 'true', PATH: `${binaries}:${process.env.PATH}`, CHECKPOINT_DISABLE: '1' });
  const [pruned, folder] = [join(root, 'pruned'), join(root, 'repo')];
  const programs = ['@pixgen/api', '@pixgen/worker'];
  const prune = ['prune', ...programs, '--docker', '--out-dir', pruned];
  await runToEnd(join(binaries, 'turbo'), prune, { cwd: repositoryRoot, env });
  cpSync(join(pruned, 'json'), folder, { recursive: true });
  const filters = programs.flatMap((name) => ['--filter', `${name}...`]);
  const install = ['install', '--prod', '--frozen-lockfile', '--prefer-offline', ...filters];
  await runToEnd(join(binaries, 'pnpm'), install, { cwd: folder, env });
  cpSync(join(pruned, 'full'), folder, { recursive: true });
  copyFileSync(join(repositoryRoot, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'));
  await runToEnd(join(binaries, 'pnpm'), ['--filter', '@pixgen/db', 'run', 'generate'], { cwd: folder, env });
  return folder;
}

it('starts API and worker from a folder with production packages only', { timeout: 180_000 }, async () => {
  const folder = await makeProductionFolder();
  for (const unwanted of ['vitest', 'typescript', '@biomejs', 'next']) {
    expect(existsSync(join(folder, 'node_modules', unwanted)), unwanted).toBe(false);
  }
  await using stack = await startStack();
  await prepareDatabase(stack.env.DATABASE_URL);
  const ports = await choosePorts(stack.folder.join('ports.json'), { gpu: {}, api: {}, worker: {}, web: {} });
  const context: AppContext = { folder: stack.folder, ports, stores: stack.env, gpu: 'local', environment: {} };
  for (const name of ['api', 'worker'] as const) {
    const app = createApp(name, context, folder);
    await app.start();
    await app.stop();
  }
});
