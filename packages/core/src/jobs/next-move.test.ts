import { MAX_ATTEMPTS } from '@pixgen/domain';
import { expect, it, vi } from 'vitest';
import { afterFailure, trainingCostMicroUsd } from './next-move.ts';

const ended = (cause: string, attempt: number, more: object = {}) =>
  afterFailure({
    ...{ jobId: 'job', attempt, cause, retryable: true, holdMicroUsd: 100, readyImages: 0, plannedImages: 0 },
    ...more,
  });

it.each([
  ['GPU_LOST', 1, 2_000],
  ['GPU_LOST', 2, 4_000],
  ['RESULT_INVALID', 1, 2_000],
  // Together longer than an outage of a minute or two, each time with what the GPU itself waits.
  ['UPLOAD_FAILED', 1, 30_000],
  ['UPLOAD_FAILED', 2, 120_000],
  ['DOWNLOAD_FAILED', 1, 30_000],
  ['DOWNLOAD_FAILED', 2, 120_000],
])('waits after %s of attempt %i for %i ms, and up to half as much again, each job its own', (cause, attempt, ms) => {
  const chance = vi.spyOn(Math, 'random');
  const delays = [0, 0.5, 0.999_999].map((drawn) => {
    chance.mockReturnValueOnce(drawn);
    return ended(cause, attempt).delayMs;
  });
  chance.mockRestore();
  expect(delays).toEqual([ms, 1.25 * ms, 1.5 * ms]);
});

it('begins the next attempt while one is left and may help, and then ends for the same cause', () => {
  expect(ended('GPU_LOST', MAX_ATTEMPTS - 1)).toMatchObject({ to: 'queued', cause: 'GPU_LOST', costMicroUsd: 0 });
  expect(ended('GPU_LOST', MAX_ATTEMPTS)).toMatchObject({ to: 'failed', cause: 'GPU_LOST', costMicroUsd: 0 });
  expect(ended('GPU_REFUSED', 1, { retryable: false })).toMatchObject({
    to: 'failed',
    cause: 'GPU_REFUSED',
    delayMs: 0,
  });
});

it('ends well with the images that are there, for their share rounded down', () => {
  const some = { readyImages: 2, plannedImages: 3 };
  expect(ended('WENT_SILENT', MAX_ATTEMPTS, some)).toMatchObject({
    to: 'succeeded',
    cause: 'WENT_SILENT',
    costMicroUsd: 66,
  });
  expect(ended('WENT_SILENT', 1, some)).toMatchObject({ to: 'queued', costMicroUsd: 0 });
  const one = { readyImages: 1, plannedImages: 3 };
  expect(ended('GPU_LOST', MAX_ATTEMPTS, one)).toMatchObject({ to: 'succeeded', costMicroUsd: 33 });
});

it.each([
  ['all its steps', 1_000, 10, 10, 1_000],
  ['more steps than were ordered, as a host may say', 1_000, 11, 10, 1_000],
  ['some of its steps, rounded down', 1_000, 1, 3, 333],
  ['no step', 1_000, 0, 3, 0],
  ['a part of more than a double holds exactly', 9_007_199_254_740_991, 2, 3, 6_004_799_503_160_660],
  ['no step, where it may not stop early', 1_000, 0, null, 1_000],
  ['some steps, where it may not stop early', 1_000, 7, null, 1_000],
])('charges a training that did %s for its share', (_what, hold, done, ordered, cost) => {
  expect(trainingCostMicroUsd(hold, done, ordered)).toBe(cost);
});
