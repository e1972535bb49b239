import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** A process that can be told from a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly name: string;
  /** Opaque; two processes with the same id differ here. */
  readonly startedAt: string;
}

export function identify(pid: number, name: string): ProcessIdentity {
  return { pid, name, startedAt: startTime(pid) ?? '' };
}

/** True while exactly this process runs; false for a stranger with its id and for a dead one that was not yet collected. */
export function isRunning(identity: ProcessIdentity): boolean {
  const started = startTime(identity.pid);
  return started !== undefined && started === identity.startedAt;
}

function startTime(pid: number): string | undefined {
  return existsSync('/proc/self/stat') ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

function startTimeFromProc(pid: number): string | undefined {
  try {
    // The command, second, may hold spaces and brackets; fields count from after its last bracket. See proc_pid_stat(5).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
    return fields === undefined || fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startTimeFromPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
