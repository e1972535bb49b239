import { isFinal, jobCan, jobState } from '@pixgen/domain';
import { expect, it } from 'vitest';
import { isOver, mayRetry } from './rules';

it.each(jobState.options)('answers for a %s job as the domain’s state table does', (state) => {
  expect(isOver({ state })).toBe(isFinal(state));
  expect(isOver({ state })).toBe(!jobCan.cancel({ state }).allowed);
  expect(mayRetry({ state })).toBe(jobCan.retry({ state }).allowed);
});
