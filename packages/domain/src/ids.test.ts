import { expect, it } from 'vitest';
import { newId } from './ids.ts';

it('makes ids that are all different and sort in the order in which they were made', () => {
  const ids = Array.from({ length: 20_000 }, newId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
});
