import fc from 'fast-check';
import { expect, it } from 'vitest';
import { estimateTimeLeft, LEAST_PAST_RUNS, type PastRun } from './outlook.ts';

const runs = (...runMs: number[]): PastRun[] => runMs.map((ms) => ({ waitMs: 5_000, runMs: ms, steps: 100 }));
const ten = runs(...Array.from({ length: 10 }, (_, index) => (index + 1) * 10_000));

it('says nothing while too few went before', () => {
  const now = { steps: 100, waitedMs: 0, ranMs: null, step: 0 };
  for (let count = 0; count < LEAST_PAST_RUNS; count += 1)
    expect(estimateTimeLeft(ten.slice(0, count), now)).toBeNull();
  expect(estimateTimeLeft(ten.slice(0, LEAST_PAST_RUNS), now)).not.toBeNull();
});

it('takes the median and the ninth of ten, scaled to the steps of this one', () => {
  expect(estimateTimeLeft(ten, { steps: 100, waitedMs: 0, ranMs: 0, step: 0 })).toEqual({
    p50Ms: 50_000,
    p90Ms: 90_000,
  });
  expect(estimateTimeLeft(ten, { steps: 200, waitedMs: 0, ranMs: 0, step: 0 })).toEqual({
    p50Ms: 100_000,
    p90Ms: 180_000,
  });
});

it('counts the wait only while it lasts, and what is done only once', () => {
  const at = (change: object) =>
    estimateTimeLeft(ten, { steps: 100, waitedMs: 0, ranMs: null, step: 0, ...change })?.p50Ms;
  expect(at({})).toBe(55_000);
  expect(at({ waitedMs: 3_000 })).toBe(52_000);
  expect(at({ waitedMs: 60_000 })).toBe(50_000);
  expect(at({ waitedMs: 60_000, ranMs: 10_000 })).toBe(40_000);
  expect(at({ waitedMs: 60_000, ranMs: 10_000, step: 75 })).toBe(12_500);
  expect(at({ ranMs: 99_000, step: 100 })).toBe(0);
});

it('is never negative, nor smaller at 90 % than at 50 %, and falls with each step', () => {
  const ms = fc.integer({ min: 0, max: 10_000_000 });
  const run = fc.record({ waitMs: ms, runMs: ms, steps: fc.integer({ min: 1, max: 5_000 }) });
  fc.assert(
    fc.property(
      fc.array(run, { minLength: 3, maxLength: 40 }),
      fc.integer({ min: 1, max: 500 }),
      ms,
      (past, steps, ranMs) => {
        let last = Number.POSITIVE_INFINITY;
        for (let step = 1; step <= steps; step += Math.max(1, Math.floor(steps / 9))) {
          const left = estimateTimeLeft(past, { steps, waitedMs: 0, ranMs, step });
          if (!left) throw new Error('no estimate');
          expect(left.p50Ms).toBeGreaterThanOrEqual(0);
          expect(left.p90Ms).toBeGreaterThanOrEqual(left.p50Ms);
          expect(left.p50Ms).toBeLessThanOrEqual(last);
          last = left.p50Ms;
        }
      },
    ),
  );
});
