import { expect, it } from 'vitest';
import { type Block, type Pair, steadyPairs } from './jobs.ts';
import { median, perJob, quantile } from './measure.ts';
import { missed, summarise, table } from './report.ts';

function block(jobsPerSecond: number, p50Ms: number, cpu: number): Block {
  const cpuMs = { api: cpu / 2, worker: cpu / 2, gpu: 1, postgres: 1, valkey: 1, s3: 1 };
  const cost = { cpuMs, commits: 2, walBytes: 2048, scriptCalls: 5 };
  return { jobsPerSecond, p50Ms, p99Ms: p50Ms * 3, acceptP50Ms: 1, cost, errors: [] };
}
const pair = (raw: Block, product: Block | null): Pair => ({ raw, product });

it('ratios are medians over the pairs, so one odd pair decides nothing', () => {
  const pairs = [
    pair(block(100, 10, 2), block(80, 12, 3)),
    pair(block(100, 10, 2), block(90, 11, 2)),
    pair(block(100, 10, 2), block(10, 90, 9)),
  ];
  expect(summarise(pairs)).toMatchObject({ throughputRatio: 0.8, p50Ratio: 1.2, cpuRatio: 1.5, commitsPerJob: 2 });
  expect(table(pairs)).toContain('0.10 – 0.90');
});

it('names every must that is missed', () => {
  const good = summarise([pair(block(100, 10, 2), block(66, 20, 3))]);
  expect(good && missed(good)).toEqual([]);
  const bad = summarise([pair(block(100, 10, 2), block(65, 21, 3.1))]);
  expect(bad && missed(bad)).toHaveLength(3);
});

it('drops a pair whose skeleton is more than twice off its own median', () => {
  const usual = pair(block(100, 10, 2), block(90, 11, 2));
  const slow = pair(block(40, 10, 2), block(90, 11, 2));
  const jerky = pair(block(100, 21, 2), block(90, 11, 2));
  expect(steadyPairs([usual, slow, usual, jerky, usual])).toEqual([usual, usual, usual]);
});

it('has no summary without the product', () => {
  expect(summarise([pair(block(100, 10, 2), null)])).toBeNull();
});

it('takes quantiles from real values', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([quantile(values, 0.5), quantile(values, 0.99), quantile([7], 0.99)]).toEqual([51, 100, 7]);
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
});

it('costs are differences per job', () => {
  const at = (value: number) => ({ cpuMs: { api: value }, commits: value, walBytes: value, scriptCalls: value });
  expect(perJob(at(100), at(300), 100)).toEqual(at(2));
});
