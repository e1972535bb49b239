import { listJobsInput } from '@pixgen/domain';
import { expect, it } from 'vitest';
import { ACTIVITY_STATES, activityInput, readActivityFilters, writeActivityFilters } from './activity-filters';

it('keeps every filter in the address, and asks the API for what it takes', () => {
  for (const kind of ['train', 'generate', null] as const) {
    for (const state of [...ACTIVITY_STATES, null]) {
      const url = new URL(writeActivityFilters({ kind, state }), 'http://localhost');
      expect(readActivityFilters(Object.fromEntries(url.searchParams))).toEqual({ kind, state });
      expect(listJobsInput.safeParse(activityInput({ kind, state })).success).toBe(true);
    }
  }
  expect(readActivityFilters({ kind: 'bake', state: ['failed', 'live'] })).toEqual({ kind: null, state: null });
});
