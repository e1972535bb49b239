import { createTestDb, type TestDb } from '@pixgen/db/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LeasedWork, startLeasedWork } from './leased-work.ts';

const EVERY_MS = 20;
let db: TestDb;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ db, drop } = await createTestDb());
});
afterAll(() => drop());

const log = { debug() {}, info() {}, warn() {}, error() {} };
const start = (name: string, work: (goesOn: () => void) => Promise<void>): LeasedWork =>
  startLeasedWork({ db, log }, name, EVERY_MS, work);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('is no sign of a worker that hangs, when passes fail because a store is away', async () => {
  let passes = 0;
  const work = start('fails', async () => {
    passes += 1;
    throw new Error('the store is away');
  });
  await expect.poll(() => passes).toBeGreaterThan(10);
  await pause(500);
  expect(work.lastPassAgeMs()).toBeLessThan(450);
  await work.stop();
});

it('tells of a pass that hangs, also of the first, and not of one that says that it goes on', async () => {
  let release = (): void => {};
  const hangs = start('hangs', () => new Promise((resolve) => (release = resolve)));
  let isDone = false;
  const slow = start('slow', async (goesOn) => {
    while (!isDone) {
      await pause(10);
      goesOn();
    }
  });
  await expect.poll(() => hangs.lastPassAgeMs(), { timeout: 5_000 }).toBeGreaterThan(500);
  expect(slow.lastPassAgeMs()).toBeLessThan(400);
  release();
  isDone = true;
  await expect.poll(() => hangs.lastPassAgeMs()).toBeLessThan(400);
  await Promise.all([hangs.stop(), slow.stop()]);
});
