import { DEADLINES } from '@pixgen/domain';
import { expect, it } from 'vitest';
import { busyDelayMs } from './dispatch-job.ts';

it('offers a ticket to busy GPUs later each time, up to four times as late, and not together with others', () => {
  const spread = (starts: number, firstMs = 2_000) => {
    const delays = Array.from({ length: 200 }, () => busyDelayMs(firstMs, starts));
    expect(new Set(delays).size).toBeGreaterThan(20);
    return [Math.min(...delays), Math.max(...delays)] as const;
  };
  for (const [starts, ms] of [
    [1, 2_000],
    [2, 3_000],
    [3, 4_500],
    [4, 6_750],
    [5, 8_000],
    [500, 8_000],
  ] as const) {
    const [least, most] = spread(starts);
    expect(least).toBeGreaterThanOrEqual(ms);
    expect(most).toBeLessThanOrEqual(1.5 * ms);
  }
  // A provider that asks for much is heard, as long as the job does not look forgotten meanwhile.
  expect(busyDelayMs(600_000, 9)).toBe(DEADLINES.dispatchingMs / 2);
});
