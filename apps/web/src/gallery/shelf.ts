/** The list behind the gallery as the browser holds it: sizes of a growing part of all pictures, in order. Pure. */
import type { ImageFrame } from '@pixgen/domain';

export type Shelf = {
  /** The first of all, newest order first. */
  frames: readonly ImageFrame[];
  /** Where to go on; null: all are here. */
  cursor: string | null;
  /** How many there are, with those that are not here yet. */
  total: number;
  /** The server's time of the count: "all of these" means those that were there then. */
  readAt: string;
  /** This clock's time of the last change made here: a count that was read before does not know of it. */
  changedAtMs?: number;
};

/** The next part. One that was asked for before the shelf was filled anew does not fit any more and is left out. */
export function append(
  shelf: Shelf,
  after: string,
  page: { items: readonly ImageFrame[]; nextCursor: string | null },
): Shelf {
  if (shelf.cursor !== after) return shelf;
  const frames = [...shelf.frames, ...page.items];
  const total = page.nextCursor === null ? frames.length : Math.max(shelf.total, frames.length + 1);
  return { ...shelf, frames, cursor: page.nextCursor, total };
}

/** Without some pictures; the rest stands as it stood. */
export function without(shelf: Shelf, ids: ReadonlySet<string>): Shelf {
  const frames = shelf.frames.filter(([id]) => !ids.has(id));
  return { ...shelf, frames, total: shelf.total - (shelf.frames.length - frames.length) };
}

/** With pictures back in their old places; those beyond the loaded part come with it. */
export function withBack(shelf: Shelf, frames: readonly ImageFrame[]): Shelf {
  const here = new Set(shelf.frames.map(([id]) => id));
  const last = shelf.frames.at(-1)?.[0] ?? '';
  const back = frames.filter(([id]) => !here.has(id) && (shelf.cursor === null || id > last));
  const all = [...shelf.frames, ...back].sort(([a], [b]) => (a < b ? 1 : a > b ? -1 : 0));
  return { ...shelf, frames: all, total: shelf.total + frames.filter(([id]) => !here.has(id)).length };
}

/** Where focus goes when some pictures leave: to the next that stays, else to the one before. */
export function nextFocus(
  frames: readonly ImageFrame[],
  focused: string | null,
  leaving: ReadonlySet<string>,
): string | null {
  if (focused === null || !leaving.has(focused)) return focused;
  const at = frames.findIndex(([id]) => id === focused);
  const stays = ([id]: ImageFrame) => !leaving.has(id);
  const found = frames.slice(at).find(stays) ?? frames.slice(0, Math.max(at, 0)).findLast(stays);
  return found?.[0] ?? null;
}

/** A picture on the screen, and where: what must not move while the list around it changes. */
export type Anchor = { id: string; offsetPx: number };
export type Placed = { key: string; start: number; end: number };

/** How many pictures at the start of both lists are the same: whatever follows, columns leave them where they are. */
export function sameAtStart(before: readonly ImageFrame[], after: readonly ImageFrame[]): number {
  const first = before.findIndex(([id], index) => after[index]?.[0] !== id);
  return first < 0 ? before.length : first;
}

/**
 * The pictures whose place is worth keeping, best first: those that stay where they are, as nothing needs to move then; the
 * focused one if it is seen; then the topmost ones.
 */
export function anchorsOf(
  placed: readonly Placed[],
  scrollTop: number,
  heightPx: number,
  focused: string | null,
  stays: (id: string) => boolean,
): Anchor[] {
  const seen = placed.filter(({ start, end }) => end > scrollTop && start < scrollTop + heightPx);
  const rank = ({ key }: Placed) => (stays(key) ? 0 : key === focused ? 1 : 2);
  const inOrder = seen.toSorted((a, b) => rank(a) - rank(b) || a.start - b.start);
  return inOrder.map(({ key, start }) => ({ id: key, offsetPx: start - scrollTop }));
}

/** How far to scroll so that the best anchor that is left stands where it stood; 0 when none is left. */
export function correction(
  anchors: readonly Anchor[],
  startOf: (id: string) => number | null,
  scrollTop: number,
): number {
  for (const { id, offsetPx } of anchors) {
    const start = startOf(id);
    if (start !== null) return start - scrollTop - offsetPx;
  }
  return 0;
}
