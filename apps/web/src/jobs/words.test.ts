import { FAILURES, type JobProgressView, type JobView } from '@pixgen/domain';
import { describe, expect, it } from 'vitest';
import messages from '../language/messages/en.json';
import { english } from '../language/testing';
import {
  failureWords,
  formatCost,
  formatDuration,
  formatMoney,
  formatPrice,
  formatSpan,
  jobNow,
  sayEvent,
} from './words';

const t = english('jobs');

const job = (change: Partial<JobView>): JobView => ({
  id: 'j',
  kind: 'train',
  state: 'running',
  orderId: 'o',
  attempt: 1,
  maxAttempts: 3,
  phase: 'training',
  step: 12,
  totalSteps: 60,
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: null,
  endedAt: null,
  lastHeardAt: null,
  failure: null,
  costMicroUsd: 0,
  ...change,
});

describe('failureWords', () => {
  it('knows every code that a job or a picture can fail with, and no other', () => {
    expect(Object.keys(messages.jobs.failures).toSorted()).toEqual(Object.keys(FAILURES).toSorted());
    for (const [code, { message }] of Object.entries(FAILURES)) expect(failureWords(t, { code }).message).toBe(message);
  });

  it('reads a code of a newer version as a failure of the GPU', () => {
    expect(failureWords(t, { code: 'NOT_YET_KNOWN' })).toEqual(failureWords(t, { code: 'GPU_INTERNAL' }));
  });
});

describe('jobNow', () => {
  it('takes whichever is further, the row or the newest sign of life', () => {
    const live = {
      jobId: 'j',
      orderId: 'o',
      kind: 'train',
      attempt: 1,
      phase: 'training',
      step: 20,
      totalSteps: 60,
      loss: null,
      imageIds: [],
      at: '2026-01-01T00:01:00.000Z',
    } satisfies JobProgressView;
    expect(jobNow(t, job({}), live)).toMatchObject({
      label: 'Training',
      value: 20 / 60,
      detail: 'step 20 of 60',
      heardAt: live.at,
    });
    expect(jobNow(t, job({ step: 30 }), live).value).toBe(0.5);
  });

  it('does not show steps of an attempt that is over', () => {
    const old = {
      jobId: 'j',
      orderId: 'o',
      kind: 'train',
      attempt: 1,
      phase: 'training',
      step: 50,
      totalSteps: 60,
      loss: null,
      imageIds: [],
      at: '2026-01-01T00:01:00.000Z',
    } satisfies JobProgressView;
    expect(jobNow(t, job({ attempt: 2, step: 3 }), old).detail).toBe('step 3 of 60, attempt 2 of 3');
  });

  it('says that nobody knows how long a queue takes', () => {
    expect(jobNow(t, job({ state: 'queued', phase: null }), null)).toMatchObject({
      label: 'Waiting for a GPU',
      value: null,
    });
  });
});

describe('money and time', () => {
  it('are short', () => {
    expect(formatPrice(t, 0)).toBe('free on this machine');
    expect(formatPrice(t, 30_000)).toBe('≈ $0.030');
    expect(formatCost(t, 1_250_000)).toBe('$1.25');
    expect(formatCost(t, 0)).toBe('free');
    expect(formatMoney(t, 0)).toBe('$0');
    expect(formatDuration(t, '2026-01-01T00:00:00Z', '2026-01-01T00:02:05Z')).toBe('2 min 5 s');
  });
});

it('tells a time left as a span, as coarse as it is uncertain', () => {
  expect(formatSpan(t, -5_000, 3_000)).toBe('A few seconds left');
  expect(formatSpan(t, 12_000, 31_000)).toBe('About 10 to 30 s left');
  expect(formatSpan(t, 20_000, 21_000)).toBe('About 20 s left');
  expect(formatSpan(t, 95_000, 250_000)).toBe('About 2 to 4 min left');
  expect(formatSpan(t, 3_600_000, 9_000_000)).toBe('About 1 to 3 h left');
});

it('tells a finished picture from one that was blocked or failed', () => {
  expect(sayEvent(t, { type: 'image', code: null })).toBe('Picture finished');
  expect(sayEvent(t, { type: 'image', code: 'SAFETY_BLOCKED' })).toBe('Picture blocked');
  expect(sayEvent(t, { type: 'image', code: 'GPU_OUT_OF_MEMORY' })).toBe('Picture failed');
  expect(sayEvent(t, { type: 'attempt-ended', code: 'GPU_LOST' })).toBe('Attempt ended');
});
