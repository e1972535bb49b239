/** S2 in its whole dose for every change; `pnpm fuzz calls --n 20000` for the large one. */
import { expect, it } from 'vitest';
import { type CallReport, faultsOfCalls, fuzzCalls } from './calls.ts';

it('answers random input to every procedure with a result or a refusal by name', {
  timeout: 600_000,
}, async () => {
  const report = await fuzzCalls({ n: 500, seed: 20261122, atOnce: 8 });
  expect(faultsOfCalls(report)).toEqual([]);
});

it('names whatever did not hold of random calls', () => {
  const good: CallReport = {
    ...{ procedures: 80, calls: 800, accepted: 200, serverErrors: 0, leaks: 0, unreadable: 0, crashes: 0 },
    ...{ seed: 1, seconds: 1, examples: [] },
  };
  expect(faultsOfCalls(good)).toEqual([]);
  const bad: Partial<CallReport>[] = [
    ...[
      { calls: 79 },
      { procedures: 3 },
      { accepted: 0 },
      { serverErrors: 1 },
      { leaks: 1 },
      { unreadable: 1 },
      { crashes: 1 },
    ],
  ];
  for (const change of bad) expect(faultsOfCalls({ ...good, ...change })).toHaveLength(1);
});
