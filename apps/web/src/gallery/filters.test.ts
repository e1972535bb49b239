import { describe, expect, it } from 'vitest';
import { countFilters, filterInput, NO_FILTERS, readFilters, readPage, writeFilters, writePage } from './filters';

const id = '01a2048f-d06e-71c0-8d84-988dc029b872';

describe('the filters in the address', () => {
  it('come back as they were written', () => {
    const every = {
      q: 'red & blue “rain”',
      show: 'favourites',
      model: id,
      pack: 'cinematic-portraits',
      collection: id,
      rating: 4,
      shape: 'landscape',
      from: '2026-01-31',
      to: '2026-02-28',
    } as const;
    for (const filters of [NO_FILTERS, every, { ...NO_FILTERS, show: 'trash' as const }]) {
      expect(readFilters(new URLSearchParams(writeFilters('', filters)))).toEqual(filters);
    }
    expect(writeFilters('/gallery', NO_FILTERS)).toBe('/gallery');
    expect(readPage(new URLSearchParams(writePage('', { ...every, page: 7 })))).toEqual({ page: 7 });
  });

  it('that fit nothing are no filters, and no error', () => {
    const wrong = { model: "'; drop", show: 'everything', rating: '9', from: '2026-99-01', shape: 'round', page: '-1' };
    expect(readFilters(wrong)).toEqual(NO_FILTERS);
    expect(readPage(wrong)).toEqual({ page: null });
    expect(filterInput(readFilters(wrong))).toEqual({ deleted: false });
  });

  it('take in the whole of the last day, by the reader’s own clock', () => {
    const { from, before } = filterInput({ ...NO_FILTERS, from: '2026-03-01', to: '2026-03-01' });
    expect(from).toBe(new Date(2026, 2, 1).toISOString());
    expect(before).toBe(new Date(2026, 2, 2).toISOString());
  });

  it('are counted without the trash, which is a place of its own', () => {
    expect(countFilters({ ...NO_FILTERS, show: 'trash' })).toBe(0);
    expect(countFilters({ ...NO_FILTERS, show: 'favourites', rating: 3, q: ' ' })).toBe(2);
  });
});
