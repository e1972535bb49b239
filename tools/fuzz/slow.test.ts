/** The small dose of S7; `pnpm fuzz slow` for the large one, which also judges how long healthy calls take. */
import { expect, it } from 'vitest';
import { faultsOfSlow, fuzzSlow, type SlowReport } from './slow.ts';

it('answers every healthy call right while 200 half requests, 10 MB and 10,000 levels of JSON come, and refuses those', {
  timeout: 120_000,
}, async () => {
  const report = await fuzzSlow({ n: 90, sockets: 200, perKind: 1, shedAtDelayMs: 0 });
  expect(faultsOfSlow(report)).toEqual([]);
});

it('names whatever did not hold beside slow clients', () => {
  const taken = { calls: 10, p50Ms: 1, p99Ms: 1, maxMs: 1 };
  const answers = {
    'half a request': { 408: 3, 0: 1 },
    '10 MB': { 413: 1 },
    '10 MB in chunks': { 0: 1 },
    '10,000 levels': { 400: 1 },
  };
  const good: SlowReport = {
    ...{ quiet: taken, healthy: taken, wrong: 0, open: 200, sockets: 200, answers, crashes: 0 },
    ...{ seconds: 1, examples: [] },
  };
  expect(faultsOfSlow(good)).toEqual([]);
  const bad: Partial<SlowReport>[] = [
    { healthy: { ...taken, calls: 0 } },
    { wrong: 1 },
    { open: 199 },
    { crashes: 1 },
    { answers: { ...answers, '10 MB': {} } },
    { answers: { ...answers, '10 MB': { 413: 1, 500: 1 } } },
    { answers: { ...answers, '10,000 levels': { 400: 1, 0: 1 } } },
    { answers: { ...answers, '10 MB in chunks': { 413: 1, [-1]: 1 } } },
    { answers: { ...answers, 'half a request': { 200: 1 } } },
  ];
  for (const change of bad) expect(faultsOfSlow({ ...good, ...change })).toHaveLength(1);
});
