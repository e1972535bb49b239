import { AppError, id, type Page } from '@pixgen/domain';

/** Turns `limit + 1` rows into a page; the cursor is the last shown row's id (UUIDv7: the order of creation). */
export function toPage<Row extends { id: string }, View>(
  rows: Row[],
  limit: number,
  view: (row: Row) => View,
): Page<View> {
  const shown = rows.slice(0, limit);
  return { items: shown.map(view), nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}

/**
 * The id that a list goes on after.
 *
 * @throws AppError INVALID_INPUT for a cursor that no page gave
 */
export function readCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const parsed = id.safeParse(cursor);
  if (parsed.success) return parsed.data;
  const message = 'Use the nextCursor of the page before.';
  throw new AppError('INVALID_INPUT', `cursor: ${message}`, { fields: [{ path: 'cursor', message }] });
}
