import type { Page } from '@pixgen/domain';

/** Turns `limit + 1` rows into a page; the cursor is the last shown row's id (UUIDv7: the order of creation). */
export function toPage<Row extends { id: string }, View>(
  rows: Row[],
  limit: number,
  view: (row: Row) => View,
): Page<View> {
  const shown = rows.slice(0, limit);
  return { items: shown.map(view), nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
