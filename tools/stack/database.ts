import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './paths.ts';
import { baseEnvironment, type Environment, runToEnd } from './process.ts';

const FOLDER = join(repositoryRoot, 'packages/db');
const PRISMA = join(FOLDER, 'node_modules/prisma/build/index.js');
const GENERATED = join(FOLDER, 'src/generated');
const STAMP = join(GENERATED, '.stamp');

/** True when the database client's code was made from the present schema. */
export function isClientGenerated(): boolean {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === schemaHash();
}

/** Makes the database client's code, which is not in git. */
export async function generateClient(): Promise<void> {
  await runPrisma(['generate']);
  writeFileSync(STAMP, schemaHash());
}

/**
 * Applies the migrations that production applies, then the packs that ship with the product; both may run again and again.
 * @param databaseUrl also a server of one's own
 */
export async function prepareDatabase(databaseUrl: string): Promise<void> {
  await runPrisma(['migrate', 'deploy'], { DATABASE_URL: databaseUrl });
  const env = baseEnvironment({ DATABASE_URL: databaseUrl });
  await runToEnd(process.execPath, ['scripts/seed.ts'], { cwd: FOLDER, env });
}

/** Changes when there is something for `prepareDatabase` to do on a database that it prepared before. */
export function databaseContentHash(): string {
  const hash = createHash('sha256');
  const entries = globSync(['migrations/**', 'scripts/seed*/**', 'scripts/seed.ts'], {
    cwd: FOLDER,
    withFileTypes: true,
  });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(file.slice(FOLDER.length)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

async function runPrisma(args: readonly string[], extra: Environment = {}): Promise<void> {
  const env = baseEnvironment({ CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1', ...extra });
  await runToEnd(process.execPath, [PRISMA, ...args], { cwd: FOLDER, env });
}

function schemaHash(): string {
  const hash = createHash('sha256');
  for (const file of ['prisma/schema.prisma', 'package.json']) hash.update(readFileSync(join(FOLDER, file)));
  return hash.update(readFileSync(join(repositoryRoot, 'pnpm-lock.yaml'))).digest('hex');
}
