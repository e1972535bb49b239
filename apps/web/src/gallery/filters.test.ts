import { expect, it } from 'vitest';
import { listInput, readFilters, writeFilters } from './filters';

const model = '01a2048f-d06e-71c0-8d84-988dc029b872';

it('keeps the filters in the address', () => {
  for (const filters of [
    { model: null, favourite: false, trash: false },
    { model, favourite: true, trash: false },
    { model: null, favourite: false, trash: true },
  ]) {
    expect(readFilters(Object.fromEntries(new URLSearchParams(writeFilters(filters))))).toEqual(filters);
  }
});

it('ignores what is no filter', () => {
  expect(readFilters({ model: "'; drop", show: 'everything' })).toEqual({
    model: null,
    favourite: false,
    trash: false,
  });
  expect(listInput({ model: null, favourite: false, trash: false })).toEqual({ limit: 40, deleted: false });
});
