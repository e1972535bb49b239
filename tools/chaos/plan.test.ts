import { describe, expect, it } from 'vitest';
import { planRun } from './plan.ts';

const DOSE = { jobs: 200, kills: 24, people: 4 };

describe('a plan', () => {
  it('is the same for the same seed and another for another', () => {
    expect(planRun(7, DOSE)).toEqual(planRun(7, DOSE));
    expect(planRun(8, DOSE)).not.toEqual(planRun(7, DOSE));
  });

  it.each([1, 2, 3, 4, 5])(
    'of seed %i has every job once and kills every kind of process at least three times',
    (seed) => {
      const { requests, faults } = planRun(seed, DOSE);
      const keys = requests.flatMap(({ orders }) => orders.map(({ key }) => key));
      expect(new Set(keys).size).toBe(200);
      expect(keys).toHaveLength(200);
      const killed = faults.flatMap((fault) => (fault.kind === 'kill' ? [fault.process.replace(/-\d$/, '')] : []));
      expect(killed).toHaveLength(24);
      for (const kind of ['api', 'worker', 'postgres', 'valkey', 'gpu', 'object-store'])
        expect(killed.filter((one) => one === kind).length).toBeGreaterThanOrEqual(3);
    },
  );

  it('has every other kind of fault too', () => {
    const { faults } = planRun(1, DOSE);
    const kinds = new Set(faults.map((fault) => (fault.kind === 'link' ? fault.fault.kind : fault.kind)));
    expect([...kinds].toSorted()).toEqual([
      'bandwidth',
      'black-hole',
      'flush',
      'freeze',
      'gpu',
      'half-open',
      'kill',
      'latency',
      'reset',
      'slicing',
      'terminate',
    ]);
  });

  it('has trainings, cancels, repetitions and batches', () => {
    const { requests } = planRun(1, DOSE);
    const orders = requests.flatMap((request) => request.orders);
    expect(orders.some(({ kind }) => kind === 'train')).toBe(true);
    expect(orders.some(({ cancelAfterMs }) => cancelAfterMs !== null)).toBe(true);
    expect(orders.some(({ replayAfterMs }) => replayAfterMs !== null)).toBe(true);
    expect(orders.some(({ copies }) => copies > 1)).toBe(true);
    expect(requests.some((request) => request.orders.length > 1)).toBe(true);
  });
});
