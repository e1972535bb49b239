/** Readings around a stretch of load: CPU of processes, commits, WAL, Redis commands. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import type { Client } from 'pg';

/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10;
/** Postgres tells its statistics up to a second late. */
const STATISTICS_DELAY_MS = 1500;

export type Reading = {
  cpuMs: Record<string, number>;
  commits: number;
  walBytes: number;
  scriptCalls: number;
};

export type Meter = { read(): Promise<Reading> };

/**
 * @param processes names to root process ids; a tree's time includes its ended children
 * @param database whose commits are counted; `client` is connected to another one, so that it does not count itself
 */
export function createMeter(processes: Record<string, number>, client: Client, database: string, redis: Redis): Meter {
  return {
    async read() {
      const parents = readParents();
      const cpuMs = Object.fromEntries(
        Object.entries(processes).map(([name, pid]) => [
          name,
          treeOf(pid, parents).reduce((sum, one) => sum + cpuOf(one), 0),
        ]),
      );
      await new Promise((resolve) => setTimeout(resolve, STATISTICS_DELAY_MS));
      const { rows } = await client.query<{ commits: string; wal: string }>(
        `SELECT xact_commit AS commits, pg_current_wal_lsn() - '0/0'::pg_lsn AS wal FROM pg_stat_database WHERE datname = $1`,
        [database],
      );
      const stats = await redis.info('commandstats');
      const calls = (command: string) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
      return {
        cpuMs,
        commits: Number(rows[0]?.commits ?? 0),
        walBytes: Number(rows[0]?.wal ?? 0),
        scriptCalls: calls('evalsha') + calls('eval'),
      };
    },
  };
}

/** `after` − `before`, per job. */
export function perJob(before: Reading, after: Reading, jobs: number): Reading {
  return {
    cpuMs: Object.fromEntries(
      Object.keys(after.cpuMs).map((name) => [name, ((after.cpuMs[name] ?? 0) - (before.cpuMs[name] ?? 0)) / jobs]),
    ),
    commits: (after.commits - before.commits) / jobs,
    walBytes: (after.walBytes - before.walBytes) / jobs,
    scriptCalls: (after.scriptCalls - before.scriptCalls) / jobs,
  };
}

/** @param share 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Fields of /proc/<pid>/stat after the name, which may itself hold spaces and brackets. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

function cpuOf(pid: number): number {
  const fields = statOf(pid);
  // utime, stime, cutime, cstime: fields 14 to 17 of proc(5), the first after the name being field 3.
  return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0) * TICK_MS;
}

function readParents(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (Number.isInteger(pid)) parents.set(pid, Number(statOf(pid)[1] ?? 0));
  }
  return parents;
}

function treeOf(root: number, parents: ReadonlyMap<number, number>): number[] {
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}
