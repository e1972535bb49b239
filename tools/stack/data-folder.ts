import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode, PlainError } from './plain-error.ts';
import { type Service, signalGroup } from './process.ts';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';

/** Raise when the folder's contents change so that the previous version could not read them, and say how to move over. */
export const LAYOUT_VERSION = 1;

const MIN_FREE_BYTES = 300 * 1024 * 1024;

/** A folder held by this process: nobody else starts services in it until `close`. */
export interface DataFolder {
  readonly path: string;
  /** A path inside. */
  join(...parts: string[]): string;
  /** Secrets made once and kept (0600): the same names give the same values at every start. */
  secrets<Name extends string>(...names: readonly Name[]): Record<Name, string>;
  /** A kept secret of a special form, made once by `make`. */
  secret(name: string, make: () => string): string;
  /** Notes the service's processes, so that the next start can stop what a crash of this one left behind. */
  track(service: Service): void;
  close(): void;
}

/**
 * Opens (or makes) a data folder, checks its version and free space, locks it, and stops what a crashed start left running.
 * @throws PlainError for a folder of another version, a folder that is not ours, a folder in use, a full disk.
 */
export async function openDataFolder(directory: string, options: { anyVersion?: boolean } = {}): Promise<DataFolder> {
  const path = resolve(directory);
  prepareLayout(path, options.anyVersion ?? false);
  requireFreeSpace(path);
  const runFolder = join(path, 'run');
  const lockFile = join(runFolder, 'lock.json');
  lock(path, lockFile);
  const processesFile = join(runFolder, 'processes.json');
  await stopOrphans(processesFile);
  const running = new Map<Service, ProcessIdentity>();
  const record = () => writeJson(processesFile, [...running.values()]);

  return {
    path,
    join: (...parts) => join(path, ...parts),
    secrets: (...names) => keepSecrets(join(path, 'secrets.json'), names, randomText),
    secret: (name, make) => keepSecrets(join(path, 'secrets.json'), [name], make)[name] ?? '',
    track(service) {
      service.on('spawn', (pid) => {
        running.set(service, identify(pid, service.name));
        record();
      });
      service.on('exit', () => {
        running.delete(service);
        record();
      });
    },
    close: () => rmSync(lockFile, { force: true }),
  };
}

/** True for a folder that this tool made; only such a folder is ever deleted by a reset. */
export function isDataFolder(directory: string): boolean {
  return existsSync(join(directory, 'layout.json'));
}

function prepareLayout(path: string, anyVersion: boolean): void {
  const layoutFile = join(path, 'layout.json');
  if (existsSync(layoutFile)) {
    if (!anyVersion) refuseOtherVersion(path, readJson(layoutFile));
  } else {
    if (existsSync(path) && readdirSync(path).length > 0) {
      throw new PlainError(
        `${path} is not a PixGen data folder and is not empty. Name another one with --data, or empty it.`,
      );
    }
    mkdirSync(path, { recursive: true });
    writeJson(layoutFile, { version: LAYOUT_VERSION });
  }
  // Others may pass through, not look: Postgres runs as another user when we are root. Everything secret inside is 0600 or 0700.
  chmodSync(path, 0o711);
  for (const name of ['run', 'logs']) mkdirSync(join(path, name), { recursive: true, mode: 0o700 });
}

function refuseOtherVersion(path: string, layout: unknown): void {
  const version = typeof layout === 'object' && layout !== null && 'version' in layout ? layout.version : undefined;
  if (version === LAYOUT_VERSION) return;
  const age = typeof version === 'number' && version > LAYOUT_VERSION ? 'a newer' : 'an older';
  throw new PlainError(
    `The data folder ${path} was made by ${age} PixGen (layout ${String(version)}, this one reads ${LAYOUT_VERSION}). ` +
      'Start it with that version, or use another folder with --data DIR, or delete its data with --reset. Nothing was changed.',
  );
}

/** @throws PlainError when less is free than services need to start and stop cleanly; a full disk later is worse than none now. */
export function requireFreeSpace(path: string, minFreeBytes: number = MIN_FREE_BYTES): void {
  const { bavail, bsize } = statfsSync(path);
  const freeBytes = bavail * bsize;
  if (freeBytes >= minFreeBytes) return;
  const [have, need] = [freeBytes, minFreeBytes].map((bytes) => `${Math.floor(bytes / 1024 / 1024)} MB`);
  throw new PlainError(
    `The disk that holds ${path} is almost full: ${have} free, PixGen needs ${need}. Free some space and start again.`,
  );
}

function lock(path: string, lockFile: string): void {
  const mine = JSON.stringify(identify(process.pid, 'stack'));
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      writeFileSync(lockFile, mine, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const holder = readIdentity(lockFile);
    if (holder && isRunning(holder)) {
      throw new PlainError(
        `The data folder ${path} is in use by pid ${holder.pid}. Stop that one first (Ctrl-C there), or use another folder with --data DIR.`,
      );
    }
    takeAway(lockFile, holder);
  }
  throw new PlainError(`The data folder ${path} could not be locked.`);
}

/** Removes a dead owner's lock. When somebody replaced it since we looked, theirs is put back. */
function takeAway(lockFile: string, dead: ProcessIdentity | undefined): void {
  const aside = `${lockFile}.${process.pid}`;
  try {
    renameSync(lockFile, aside);
  } catch {
    return;
  }
  const taken = readIdentity(aside);
  if (taken?.pid !== dead?.pid || taken?.startedAt !== dead?.startedAt) {
    try {
      linkSync(aside, lockFile);
    } catch {
      // A third one holds it by now.
    }
  }
  rmSync(aside, { force: true });
}

/** Ends what a crashed start left behind. A process id alone may belong to a stranger by now, so its start time must match. */
async function stopOrphans(processesFile: string): Promise<void> {
  const noted = existsSync(processesFile) ? readJson(processesFile) : [];
  const orphans = (Array.isArray(noted) ? (noted as ProcessIdentity[]) : []).filter(isRunning);
  for (const { pid } of orphans) signalGroup(pid, 'SIGINT');
  const deadline = performance.now() + 5_000;
  while (orphans.some(isRunning) && performance.now() < deadline) await delay(50);
  for (const orphan of orphans.filter(isRunning)) signalGroup(orphan.pid, 'SIGKILL');
  rmSync(processesFile, { force: true });
}

const randomText = () => randomBytes(32).toString('base64url');

function keepSecrets<Name extends string>(
  file: string,
  names: readonly Name[],
  make: () => string,
): Record<Name, string> {
  const kept = existsSync(file) ? (readJson(file) as Record<string, string>) : {};
  const missing = names.filter((name) => kept[name] === undefined);
  for (const name of missing) kept[name] = make();
  if (missing.length > 0) {
    const temporary = `${file}.new`;
    writeFileSync(temporary, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, file);
  }
  return Object.fromEntries(names.map((name) => [name, kept[name]])) as Record<Name, string>;
}

function readIdentity(file: string): ProcessIdentity | undefined {
  try {
    return readJson(file) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
}
