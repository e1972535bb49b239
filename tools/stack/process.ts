import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Exit, reasonOf } from './exit-reason.ts';
import { repositoryRoot } from './paths.ts';
import { PlainError } from './plain-error.ts';
import { guardGroup, releaseGroup } from './watchdog.ts';

/** Environment variables of a child. Not `NodeJS.ProcessEnv`: a framework among our types makes its `NODE_ENV` obligatory. */
export type Environment = NodeJS.Dict<string>;

/** How one long-running program is started, judged ready and stopped. */
export interface ServiceSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
  readonly logFile: string;
  /** True once it serves. Called until then; a rejection means "not yet". `start again` kills it and begins anew. */
  readonly isReady: () => Promise<boolean | 'start again'>;
  readonly user?: UserIds | undefined;
  /** What ends it gracefully. */
  readonly stopSignal?: NodeJS.Signals;
  /** After this long without an end, the whole group is killed. */
  readonly stopDeadlineMs?: number;
  readonly readyDeadlineMs?: number;
}

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

const MAX_LOG_BYTES = 20 * 1024 * 1024;
const LAST_LINES_BYTES = 4096;

/**
 * One program in its own process group, with its output in a file. `start`, `stop` and `kill` may be repeated in turn, so
 * a chaos run can take it down and bring it back. Emits `spawn` (pid) and `exit` (how and why).
 */
export class Service extends EventEmitter<{ spawn: [pid: number]; exit: [exit: Exit] }> {
  readonly name: string;
  readonly logFile: string;
  readonly #spec: ServiceSpec;
  #pid: number | undefined;
  #ended: Promise<Exit> | undefined;
  #stopping = false;

  constructor(spec: ServiceSpec) {
    super();
    this.#spec = spec;
    this.name = spec.name;
    this.logFile = spec.logFile;
  }

  /** The process (and group) id while it runs. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** Starts the program and resolves when it serves. @throws PlainError with its last log lines when it does not. */
  async start(): Promise<void> {
    if (this.#pid !== undefined) throw new PlainError(`${this.name} is already running (pid ${this.#pid}).`);
    const logStart = rotateLog(this.#spec.logFile);
    let ended = this.#spawn(logStart);
    const deadline = performance.now() + (this.#spec.readyDeadlineMs ?? 30_000);
    for (let waitMs = 15; ; waitMs = Math.min(waitMs * 1.3, 250)) {
      const step = await Promise.race([ended, this.#spec.isReady().catch(() => false as const)]);
      if (step === true) return;
      if (typeof step === 'object') {
        throw new PlainError(`${this.name} stopped while starting: ${reasonOf(step)}. Its log: ${this.logFile}`);
      }
      if (performance.now() > deadline) {
        await this.stop();
        const said = readTail(this.logFile, logStart).split('\n').at(-1) || 'nothing';
        throw new PlainError(
          `${this.name} did not become ready in time. The last it said: ${said}. Its log: ${this.logFile}`,
        );
      }
      if (step === 'start again') {
        this.#stopping = true;
        await this.kill('SIGKILL');
        ended = this.#spawn(logStart);
      }
      await Promise.race([ended, delay(waitMs)]);
    }
  }

  #spawn(logStart: number): Promise<Exit> {
    const { command, args, cwd, env, user } = this.#spec;
    const log = openSync(this.#spec.logFile, 'a', 0o600);
    // A group of its own: signals reach its children too, and the terminal's Ctrl-C reaches only us.
    const child = spawn(command, args, {
      cwd,
      env: env as NodeJS.ProcessEnv,
      ...user,
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#stopping = false;
    const { pid } = child;
    if (pid !== undefined) {
      this.#pid = pid;
      guardGroup(pid, this.#spec.stopSignal ?? 'SIGTERM');
      this.emit('spawn', pid);
    }
    const ended = new Promise<Exit>((resolve) => {
      child.once('error', (error) => {
        if (pid === undefined) resolve({ code: null, signal: null, expected: false, lastLines: error.message });
      });
      child.once('exit', (code, signal) => {
        if (pid !== undefined) {
          signalGroup(pid, 'SIGKILL'); // children that outlived their leader
          releaseGroup(pid);
        }
        this.#pid = undefined;
        const exit = { code, signal, expected: this.#stopping, lastLines: readTail(this.logFile, logStart) };
        this.emit('exit', exit);
        resolve(exit);
      });
    });
    this.#ended = ended;
    return ended;
  }

  /** Asks it to end, waits, and kills the group at the deadline. Resolves when nothing of it runs. */
  async stop(): Promise<void> {
    if (this.#pid === undefined || this.#ended === undefined) return;
    this.#stopping = true;
    const pid = this.#pid;
    const given = new AbortController();
    signalGroup(pid, this.#spec.stopSignal ?? 'SIGTERM');
    const late = delay(this.#spec.stopDeadlineMs ?? 10_000, 'late' as const, { signal: given.signal }).catch(
      () => 'late',
    );
    const result = await Promise.race([this.#ended, late]);
    given.abort();
    if (result === 'late') {
      signalGroup(pid, 'SIGKILL');
      await this.#ended;
    }
  }

  /** Sends a signal to the whole group, for chaos runs; resolves when it has ended, or at once for a signal that does not end it. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.#pid === undefined || this.#ended === undefined) return;
    signalGroup(this.#pid, signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.#ended;
  }
}

/** Runs a program to its end and returns what it printed. @throws PlainError with its output when it fails. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Environment; user?: UserIds | undefined; onLine?: (line: string) => void } = {},
): Promise<string> {
  const { user, onLine, cwd, env = process.env } = options;
  const child = spawn(command, args, {
    cwd,
    env: env as NodeJS.ProcessEnv,
    ...user,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) guardGroup(child.pid, 'SIGTERM');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const line = text.trimEnd().split('\n').at(-1);
      if (line) onLine?.(line);
    });
  }
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const [code, signal] = await closed.catch((error: Error) => {
    throw new PlainError(`${command} could not be run: ${error.message}`);
  });
  if (child.pid !== undefined) releaseGroup(child.pid);
  if (code === 0) return output;
  throw new PlainError(
    `${command} ${args.join(' ')} failed (${signal ?? `exit ${code}`}):\n${output.trimEnd().slice(-LAST_LINES_BYTES)}`,
  );
}

/** Signals a process group; false when it is already gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** Where Node keeps what it compiled: a start of API or worker costs a third less of the processor with it. */
export const COMPILE_CACHE = join(repositoryRoot, '.pixgen/compiled');

/** What a child gets of our environment: enough to run, nothing of npm's and nothing that reconfigures a database client. */
export function baseEnvironment(extra: Environment = {}): Environment {
  const kept = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TMPDIR', 'CI'];
  const env: Environment = { NODE_COMPILE_CACHE: COMPILE_CACHE };
  for (const name of kept) if (process.env[name] !== undefined) env[name] = process.env[name];
  return { ...env, ...extra };
}

/** Moves a large log aside and returns where this run's output will begin. */
function rotateLog(file: string): number {
  if (!existsSync(file)) return 0;
  const { size } = statSync(file);
  if (size < MAX_LOG_BYTES) return size;
  renameSync(file, `${file}.1`);
  return 0;
}

function readTail(file: string, from: number): string {
  if (!existsSync(file)) return '';
  return readFileSync(file).subarray(from).subarray(-LAST_LINES_BYTES).toString('utf8').trim();
}
