import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LAYOUT_VERSION, openDataFolder, requireFreeSpace } from './data-folder.ts';
import { describeError, PlainError } from './plain-error.ts';
import { identify } from './process-identity.ts';
import { resetDataFolder } from './reset.ts';

const temporary = () => mkdtempSync(join(tmpdir(), 'pixgen-data-'));

it.each([
  ['an older', LAYOUT_VERSION - 1],
  ['a newer', LAYOUT_VERSION + 1],
])('refuses a folder of %s version, names it and the ways out, and changes nothing', async (age, version) => {
  const path = temporary();
  writeFileSync(join(path, 'layout.json'), JSON.stringify({ version }));
  const refused = openDataFolder(path);
  await expect(refused).rejects.toThrow(PlainError);
  await expect(refused).rejects.toThrow(new RegExp(`${path} was made by ${age} PixGen .*--data DIR.*--reset`));
  expect(existsSync(join(path, 'run'))).toBe(false);
});

it('refuses a folder with files of somebody else, so that no reset can ever delete them', async () => {
  const path = temporary();
  writeFileSync(join(path, 'thesis.txt'), 'three years of work');
  await expect(openDataFolder(path)).rejects.toThrow('is not a PixGen data folder');
  await expect(resetDataFolder(path)).rejects.toThrow('is not a PixGen data folder');
  expect(existsSync(join(path, 'thesis.txt'))).toBe(true);
});

it('refuses a second start in a folder in use, naming the process', async () => {
  const path = temporary();
  const folder = await openDataFolder(path);
  await expect(openDataFolder(path)).rejects.toThrow(`is in use by pid ${process.pid}`);
  await expect(resetDataFolder(path)).rejects.toThrow(`is in use by pid ${process.pid}`);
  folder.close();
  (await openDataFolder(path)).close();
});

it('takes over the lock of a process that is gone, even when a stranger has its id now', async () => {
  const path = temporary();
  (await openDataFolder(path)).close();
  const lock = join(path, 'run/lock.json');
  writeFileSync(lock, JSON.stringify({ pid: process.pid, name: 'stack', startedAt: 'another time' }));
  (await openDataFolder(path)).close();
});

it('stops the processes that a crashed start left behind, and only those', async () => {
  const path = temporary();
  (await openDataFolder(path)).close();
  const [orphan, stranger] = [0, 1].map(() => spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }));
  if (orphan?.pid === undefined || stranger?.pid === undefined) throw new Error('sleep did not start');
  const ended = once(orphan, 'exit');
  const noted = [identify(orphan.pid, 'postgres'), { ...identify(stranger.pid, 'valkey'), startedAt: 'another time' }];
  writeFileSync(join(path, 'run/processes.json'), JSON.stringify(noted));
  (await openDataFolder(path)).close();
  await ended;
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  stranger.kill('SIGKILL');
});

it('makes secrets once, readable by their owner only', async () => {
  const path = temporary();
  const first = await openDataFolder(path);
  const made = first.secrets('ticketSecret', 'databasePassword');
  expect(first.secrets('ticketSecret', 'sessionSecret').ticketSecret).toBe(made.ticketSecret);
  first.close();
  const second = await openDataFolder(path);
  expect(second.secrets('ticketSecret', 'databasePassword')).toEqual(made);
  second.close();
  expect(statSync(join(path, 'secrets.json')).mode & 0o777).toBe(0o600);
  expect(made.ticketSecret).not.toBe(made.databasePassword);
  expect(Buffer.from(made.ticketSecret, 'base64url')).toHaveLength(32);
});

it('deletes a folder of any version on reset', async () => {
  const path = temporary();
  writeFileSync(join(path, 'layout.json'), JSON.stringify({ version: 0 }));
  await resetDataFolder(path);
  expect(existsSync(path)).toBe(false);
});

it('refuses to start on a disk that is almost full, with both numbers', () => {
  const enough = () => requireFreeSpace(tmpdir(), 1);
  expect(enough).not.toThrow();
  expect(() => requireFreeSpace(tmpdir(), Number.MAX_SAFE_INTEGER)).toThrow(
    /is almost full: \d+ MB free, PixGen needs \d+ MB/,
  );
});

it('names a full disk in plain words', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(describeError(full)).toMatch(/^The disk is full\./);
});

it('keeps no trace of a lock after close', async () => {
  const path = temporary();
  (await openDataFolder(path)).close();
  expect(existsSync(join(path, 'run/lock.json'))).toBe(false);
  expect(JSON.parse(readFileSync(join(path, 'layout.json'), 'utf8'))).toEqual({ version: LAYOUT_VERSION });
});
