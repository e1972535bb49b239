/** Deleted things can be brought back for this long. */
const UNDO_MS = 30 * 86_400_000;

/** What was deleted before this is past its time. */
export function undoSince(now = Date.now()): Date {
  return new Date(now - UNDO_MS);
}
