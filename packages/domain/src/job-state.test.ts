import { describe, expect, it } from 'vitest';
import {
  canMove,
  DEADLINES,
  FINAL_STATES,
  isFinal,
  type JobState,
  jobCan,
  jobKind,
  jobState,
  LIVE_STATES,
  MAX_ATTEMPTS,
  MAX_CLAIMS,
  TRANSITIONS,
  type Verdict,
} from './job-state.ts';

const STATES: readonly JobState[] = ['queued', 'dispatching', 'running', 'succeeded', 'failed', 'cancelled', 'expired'];
const ENDS: readonly JobState[] = ['succeeded', 'failed', 'cancelled', 'expired'];

describe('the state table', () => {
  it('knows exactly these states and kinds', () => {
    expect(jobState.options).toEqual(STATES);
    expect(Object.keys(TRANSITIONS).toSorted()).toEqual([...STATES].toSorted());
    expect(jobKind.options).toEqual(['train', 'generate']);
    expect([...LIVE_STATES, ...FINAL_STATES]).toEqual(STATES);
    expect(FINAL_STATES).toEqual(ENDS);
  });

  it.each([
    ['queued', ['dispatching', 'failed', 'cancelled', 'expired']],
    // A claim may be heard of after the result: a call that was never seen to run can still have succeeded.
    ['dispatching', ['queued', 'running', ...ENDS]],
    ['running', ['queued', ...ENDS]],
    ['succeeded', []],
    ['failed', []],
    ['cancelled', []],
    ['expired', []],
  ] as const)('lets a %s job go to %j and nowhere else', (from, to) => {
    expect(STATES.filter((state) => canMove(from, state))).toEqual(
      STATES.filter((state) => to.some((one) => one === state)),
    );
    for (const state of STATES) expect(canMove(from, state)).toBeTypeOf('boolean');
  });

  it('has final states that nothing leaves, and a way to each end from every live state', () => {
    expect(STATES.filter(isFinal)).toEqual(ENDS);
    for (const from of LIVE_STATES)
      for (const end of ['failed', 'cancelled', 'expired'] as const) expect(canMove(from, end)).toBe(true);
  });
});

describe('what a person may do', () => {
  const refusal = (verdict: Verdict) => (verdict.allowed ? null : String(verdict.reason));

  it('cancel: a live job; of one that has ended they are told how', () => {
    for (const state of LIVE_STATES) expect(jobCan.cancel({ state })).toEqual({ allowed: true });
    for (const state of ENDS) expect(refusal(jobCan.cancel({ state }))).toBe(`This job has already ended (${state}).`);
  });

  it('retry: a job that ended without success; of the others they are told why not', () => {
    for (const state of ['failed', 'cancelled', 'expired'] as const)
      expect(jobCan.retry({ state })).toEqual({ allowed: true });
    for (const state of LIVE_STATES)
      expect(refusal(jobCan.retry({ state }))).toBe('This job is still working; cancel it first.');
    expect(refusal(jobCan.retry({ state: 'succeeded' }))).toBe('This job succeeded; start a new one instead.');
  });
});

it('a job ends in bounded time: three attempts, three claims each, and these deadlines', () => {
  expect([MAX_ATTEMPTS, MAX_CLAIMS]).toEqual([3, 3]);
  const minutes = (count: number): number => count * 60_000;
  expect(DEADLINES).toEqual({
    queuedMs: minutes(1),
    dispatchingMs: minutes(1),
    unclaimedMs: minutes(15),
    heartbeatMs: minutes(1 / 4),
    silentMs: minutes(3),
    trainJobMs: minutes(240),
    generateJobMs: minutes(60),
  });
});
