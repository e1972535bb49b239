import { randomInt } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainError } from './plain-error.ts';
import { identify, isRunning } from './process-identity.ts';

/** What port a service would like. `fixed` is a person's word and never changed; `preferred` is only tried first. */
export interface PortWish {
  readonly fixed?: { readonly port: number; readonly setBy: string } | undefined;
  readonly preferred?: number;
  /** A program that also listens this much higher without being asked. */
  readonly alsoAtOffset?: number;
}

// Below the ports that the system hands out for outgoing connections, so a remembered one is rarely taken at the next start.
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;

/**
 * One file per port that a stack of this machine was given, naming the stack's process: a service that is down for a moment, or not
 * up yet, must find its port free, whatever other checkouts start meanwhile.
 */
const RESERVED = join(tmpdir(), 'pixgen-ports');
const reservation = (port: number): string => join(RESERVED, String(port));

/**
 * One free loopback port per name. Ports are remembered in `file`, so a second start has the same addresses, and two checkouts
 * side by side each keep their own. A remembered port that is taken meanwhile is replaced.
 * @throws PlainError when a fixed port is taken, naming who holds it where the system tells.
 */
export async function choosePorts<Name extends string>(
  file: string,
  wishes: Record<Name, PortWish>,
): Promise<Record<Name, number>> {
  const remembered = readPorts(file);
  const chosen: Record<string, number> = {};
  for (const [name, wish] of Object.entries<PortWish>(wishes)) {
    chosen[name] = await choosePort(wish, remembered[name]);
  }
  writeFileSync(file, `${JSON.stringify({ ...remembered, ...chosen }, null, 2)}\n`);
  return chosen as Record<Name, number>;
}

/** Gives ports back once their service is gone. */
export function releasePorts(ports: Iterable<number>): void {
  for (const port of ports) rmSync(reservation(port), { force: true });
}

async function choosePort(wish: PortWish, remembered: number | undefined): Promise<number> {
  if (wish.fixed) {
    const { port, setBy } = wish.fixed;
    if (await isFree(port)) return port;
    throw new PlainError(
      `Port ${port} (${setBy}) is already taken${holder(port)}. Stop that program or choose another port.`,
    );
  }
  const isUsable = async (port: number) => (await take(port)) && (await isFree(port + (wish.alsoAtOffset ?? 0)));
  for (const port of [remembered, wish.preferred]) {
    if (port !== undefined && (await isUsable(port))) return port;
  }
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (await isUsable(port)) return port;
  }
  throw new PlainError(`No free port between ${LOWEST_PORT} and ${HIGHEST_PORT} on 127.0.0.1.`);
}

async function take(port: number): Promise<boolean> {
  if (!reserve(port)) return false;
  if (await isFree(port)) return true;
  releasePorts([port]);
  return false;
}

function reserve(port: number): boolean {
  if (!existsSync(RESERVED)) {
    mkdirSync(RESERVED, { recursive: true });
    // Other users of the machine reserve here too, and none takes away another's.
    chmodSync(RESERVED, 0o1777);
  }
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(reservation(port), JSON.stringify(identify(process.pid, 'stack')), { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (isReserved(port)) return false;
    try {
      rmSync(reservation(port), { force: true });
    } catch {
      // What another user's dead stack left behind: there are other ports.
      return false;
    }
  }
  return false;
}

/** Whether the stack that reserved the port still runs. */
function isReserved(port: number): boolean {
  try {
    const text = readFileSync(reservation(port), 'utf8');
    // Empty: being written this instant.
    return text === '' || isRunning(JSON.parse(text));
  } catch (error) {
    // Given back just now.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** True when a program could listen on this loopback port now. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function readPorts(file: string): Record<string, number> {
  if (!existsSync(file)) return {};
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, number>) : {};
}

/** ` by pid 12 (node server.js)` on Linux when we may see it, else nothing. */
function holder(port: number): string {
  const inode = listeningInode(port);
  if (inode === undefined) return '';
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const open = readdirSync(`/proc/${pid}/fd`).some(
        (fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`,
      );
      if (!open) continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
      return ` by pid ${pid} (${command.slice(0, 80)})`;
    } catch {
      // Another user's process, or one that ended while we looked.
    }
  }
  return '';
}

function listeningInode(port: number): string | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    if (!existsSync(table)) continue;
    for (const line of readFileSync(table, 'utf8').split('\n')) {
      const fields = line.trim().split(/\s+/);
      const listening = fields[3] === '0A';
      if (listening && fields[1]?.endsWith(suffix)) return fields[9];
    }
  }
  return undefined;
}
