import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './paths.ts';
import { baseEnvironment, runToEnd } from './process.ts';

const WEB = join(repositoryRoot, 'apps/web');
const STAMP = join(WEB, '.next/pixgen-stamp');
const SOURCES = ['apps/web/**', 'packages/{domain,ui,trpc}/**', 'pnpm-lock.yaml'];
const IGNORED = new Set(['node_modules', '.next', '.turbo', 'coverage', 'next-env.d.ts']);

/** True when the web app was built from exactly the present sources. */
export function isWebBuilt(): boolean {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hashSources();
}

/** Builds the web app for production. Nothing of the environment is baked in, so one build serves every data folder. */
export async function buildWeb(onLine?: (line: string) => void): Promise<void> {
  const hash = hashSources();
  const env = baseEnvironment({ NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' });
  const next = join(WEB, 'node_modules/next/dist/bin/next');
  await runToEnd(process.execPath, [next, 'build'], { cwd: WEB, env, ...(onLine && { onLine }) });
  // Next leaves these two out of its standalone folder, to be served by a CDN; we are our own.
  const standalone = join(WEB, '.next/standalone/apps/web');
  cpSync(join(WEB, '.next/static'), join(standalone, '.next/static'), { recursive: true });
  if (existsSync(join(WEB, 'public'))) cpSync(join(WEB, 'public'), join(standalone, 'public'), { recursive: true });
  writeFileSync(STAMP, hash);
}

function hashSources(): string {
  const hash = createHash('sha256');
  const entries = globSync(SOURCES, {
    cwd: repositoryRoot,
    withFileTypes: true,
    exclude: ({ name }) => IGNORED.has(name),
  });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort())
    hash.update(file.slice(repositoryRoot.length)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}
