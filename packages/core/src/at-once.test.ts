import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createAtOnce } from './at-once.ts';

it('runs so much at a time, lets so much wait in order, and tells the rest at once when to come back', async () => {
  const run = createAtOnce(2, 3);
  const [running, ended] = [new Set<number>(), [] as number[]];
  let most = 0;
  const work = (number: number) => async () => {
    running.add(number);
    most = Math.max(most, running.size);
    await delay(5);
    running.delete(number);
    ended.push(number);
  };
  const answers = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map((number) => run(work(number))));
  expect(most).toBe(2);
  expect(ended).toEqual([0, 1, 2, 3, 4]);
  expect(answers.slice(5)).toEqual(
    [5, 6].map(() => ({
      status: 'rejected',
      reason: expect.objectContaining({ code: 'UNAVAILABLE', retryAfterMs: 2_000 }),
    })),
  );
  // What failed gives its place back, and its own error.
  await expect(run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await Promise.all([7, 8, 9].map((number) => run(work(number))));
});
