/** What server and browser must agree on about the gallery's first page. */
import type { ImageView } from '@pixgen/domain';
import { filterInput, type GalleryFilters } from './filters';

/** Pictures that the server draws with the page, with all that is known of them; also those of a numbered page. */
export const FIRST = 60;

export type FirstPage = {
  /** Which list this is the beginning of. */
  list: string;
  items: ImageView[];
  nextCursor: string | null;
  total: number;
  readAt: string;
};

/** @param page null: endless */
export function shelfKey(filters: GalleryFilters, page: number | null): readonly unknown[] {
  return ['gallery', filterInput(filters), page];
}

export function firstInput(filters: GalleryFilters, page: number | null) {
  return { ...filterInput(filters), limit: FIRST, offset: page === null ? 0 : (page - 1) * FIRST };
}

/** A numbered page ends where it ends. */
export function toFirstPage(
  filters: GalleryFilters,
  page: number | null,
  list: { items: ImageView[]; nextCursor: string | null },
  count: { total: number; readAt: string },
): FirstPage {
  const nextCursor = page === null ? list.nextCursor : null;
  return { list: JSON.stringify(shelfKey(filters, page)), items: list.items, nextCursor, ...count };
}
