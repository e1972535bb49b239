/** Disks of their own for the stores of a run, which can be made full and free again while everything runs. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { PlainError } from '../stack/plain-error.ts';
import { runToEnd } from '../stack/process.ts';

/** Told to a process that runs in a mount namespace of its own. */
const MARK = 'PIXGEN_OWN_MOUNTS';
const OWN_MOUNTS = ['--mount', '--propagation', 'private'] as const;
/** As large as the stores like it; memory is used for what is written only. */
const SIZE_BYTES = 4 * 1024 ** 3;
const ROOM_BYTES = 64 * 1024;

export type SmallDisk = {
  /** From now on nothing more can be written: the disk is as large as what lies on it. */
  fill(): Promise<void>;
  free(): Promise<void>;
};

/** False where this user may not mount, as in most containers. */
export function canMount(): boolean {
  const mount = ['mount', '-t', 'tmpfs', 'tmpfs', tmpdir()];
  return spawnSync('unshare', [...OWN_MOUNTS, ...mount], { stdio: 'ignore' }).status === 0;
}

export const hasOwnMounts = (): boolean => process.env[MARK] === '1';

/**
 * Runs a program of this project in a mount namespace of its own: what it mounts nobody else sees, and it ends with it.
 *
 * @param onLine told of each line that it prints
 * @throws PlainError where this user may not mount
 */
export async function runWithOwnMounts(args: readonly string[], onLine: (line: string) => void): Promise<number> {
  if (!canMount()) throw new PlainError('Disks of their own need the right to mount: run this as root.');
  const child = spawn('unshare', [...OWN_MOUNTS, process.execPath, ...args], {
    env: { ...process.env, [MARK]: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGTERM'));
  createInterface({ input: child.stdout }).on('line', onLine);
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

/** Moves a folder with all that is in it to a disk of its own, at the same place. */
export async function moveToOwnDisk(folder: string): Promise<SmallDisk> {
  const before = `${folder}.before`;
  renameSync(folder, before);
  mkdirSync(folder);
  await runToEnd('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_BYTES}`, 'tmpfs', folder]);
  await runToEnd('cp', ['--archive', '--no-target-directory', before, folder]);
  await runToEnd('rm', ['-r', before]);
  const resize = (bytes: number) => runToEnd('mount', ['-o', `remount,size=${bytes}`, folder]);
  return {
    async fill() {
      const { blocks, bfree, bsize } = statfsSync(folder);
      const used = (blocks - bfree) * bsize;
      // What is written meanwhile may not fit any more: then a little larger.
      for (let room = 0; ; room += ROOM_BYTES) {
        try {
          await resize(used + room);
          return;
        } catch (error) {
          if (room > 100 * ROOM_BYTES) throw error;
        }
      }
    },
    async free() {
      await resize(SIZE_BYTES);
    },
  };
}

/** Takes the disk away from under its place; who has files open on it keeps them. */
export async function leaveDisk(folder: string): Promise<void> {
  await runToEnd('umount', ['--lazy', folder]);
}
