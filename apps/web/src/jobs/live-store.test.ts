import type { JobProgressView } from '@pixgen/domain';
import { describe, expect, it, vi } from 'vitest';
import { createLiveStore, mergeLoss, smooth } from './live-store';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const progress = (change: Partial<JobProgressView>): JobProgressView => ({
  jobId: 'j',
  orderId: 'o',
  kind: 'train',
  attempt: 1,
  phase: 'training',
  step: 1,
  totalSteps: 10,
  loss: null,
  imageIds: [],
  at: at(0),
  ...change,
});

describe('the live store', () => {
  it('never moves a bar back within a phase', () => {
    const store = createLiveStore();
    store.addProgress(progress({ step: 5, at: at(5) }));
    store.addProgress(progress({ step: 3, at: at(6) }));
    expect(store.progress('j')?.step).toBe(5);
  });

  it('starts again with a new attempt and forgets the old loss', () => {
    const store = createLiveStore();
    store.addProgress(progress({ step: 5, loss: 0.5 }));
    store.addProgress(progress({ attempt: 2, step: 1, loss: 0.9, at: at(9) }));
    store.addProgress(progress({ attempt: 1, step: 6, loss: 0.4, at: at(10) }));
    expect(store.progress('j')).toMatchObject({ attempt: 2, step: 1 });
    expect(store.losses('j')).toEqual([[1, 0.9]]);
  });

  it('follows from one image to the next, though the steps begin again', () => {
    const store = createLiveStore();
    store.addProgress(progress({ kind: 'generate', imageIds: ['a'], step: 30, at: at(1) }));
    store.addProgress(progress({ kind: 'generate', imageIds: ['b'], step: 1, at: at(2) }));
    expect(store.progress('j')?.imageIds).toEqual(['b']);
  });

  it('tells its listeners only when something changed', () => {
    const store = createLiveStore();
    const listener = vi.fn();
    store.subscribe(listener);
    store.setStatus('connecting');
    expect(listener).not.toHaveBeenCalled();
    store.setStatus('open');
    store.forget('unknown');
    expect(listener).toHaveBeenCalledTimes(1);
  });
});

describe('the loss curve', () => {
  it('joins what was stored with what came live, without a step twice', () => {
    expect(
      mergeLoss(
        [
          [1, 0.9],
          [2, 0.8],
          [3, 0.7],
        ],
        [
          [3, 0.75],
          [4, 0.6],
        ],
      ),
    ).toEqual([
      [1, 0.9],
      [2, 0.8],
      [3, 0.75],
      [4, 0.6],
    ]);
    expect(mergeLoss([[1, 0.9]], [])).toEqual([[1, 0.9]]);
  });

  it('keeps what the server stored while the connection was lost, between live points and after them', () => {
    expect(
      mergeLoss(
        [
          [1, 0.9],
          [2, 0.8],
          [3, 0.7],
          [5, 0.5],
        ],
        [
          [1, 0.95],
          [4, 0.6],
        ],
      ),
    ).toEqual([
      [1, 0.95],
      [2, 0.8],
      [3, 0.7],
      [4, 0.6],
      [5, 0.5],
    ]);
  });

  it('is smoothed from its first value on', () => {
    const points = smooth([
      [1, 1],
      [2, 0],
      [3, 0],
    ]);
    expect(points[0]?.[1]).toBeCloseTo(1);
    expect(points[2]?.[1]).toBeGreaterThan(0);
    expect(points[2]?.[1]).toBeLessThan(points[1]?.[1] ?? 0);
  });
});
