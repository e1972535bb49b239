import { expect, it } from 'vitest';
import { english } from '../language/testing';
import { noteWait, waitInWords, waitStore } from './wait-store';

const answer = (status: number, retryAfter?: string) => ({
  status,
  headers: new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
});

it('keeps the longest wait that an answer names, and tells whoever shows it', () => {
  let told = 0;
  const stop = waitStore.subscribe(() => {
    told += 1;
  });
  for (const other of [answer(200, '9'), answer(503), answer(500, '9'), answer(429), answer(429, 'soon')])
    noteWait(other, 1_000);
  expect([waitStore.until(), told]).toEqual([0, 0]);
  noteWait(answer(429, '30'), 1_000);
  noteWait(answer(207, '20'), 1_000);
  expect([waitStore.until(), told]).toEqual([31_000, 1]);
  stop();
  noteWait(answer(429, '90000'), 1_000);
  expect([waitStore.until(), told]).toEqual([3_601_000, 1]);
});

it('tells a wait of one’s own making from one that everybody has', () => {
  noteWait(answer(503, '9'), 4_000_000);
  expect([waitStore.until(), waitStore.isBusy()]).toEqual([4_009_000, true]);
  // A shorter wait changes nothing, not even the reason.
  noteWait(answer(429, '5'), 4_000_000);
  expect([waitStore.until(), waitStore.isBusy()]).toEqual([4_009_000, true]);
  noteWait(answer(429, '30'), 4_000_000);
  expect([waitStore.until(), waitStore.isBusy()]).toEqual([4_030_000, false]);
});

it('says waits as people do', () => {
  expect([0, 900, 12_000, 60_000, 245_000].map((ms) => waitInWords(english('shell'), ms))).toEqual([
    '1 second',
    '1 second',
    '12 seconds',
    '1:00 minutes',
    '4:05 minutes',
  ]);
});
