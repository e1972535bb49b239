/**
 * Where pictures stand: columns of one width, each picture at its own shape in the column that is shortest. All lengths are
 * shares of a column's width, so that the same columns come out whatever the window's width is. That lets the server place
 * the first pictures exactly where the browser will have them.
 */
import type { ImageFrame } from '@pixgen/domain';

/** Space between pictures. */
export const GAP = 0.045;
/** Extreme shapes are shown cut: a banner as wide as twelve squares would be a line. */
const MIN_HEIGHT = 0.4;
const MAX_HEIGHT = 2.5;
/** Narrowest container of each number of columns, in px. The style sheet has the same numbers. */
const BREAKPOINTS = [
  [1560, 8],
  [1280, 6],
  [920, 5],
  [680, 4],
  [480, 3],
] as const;
export const COLUMN_COUNTS = [2, 3, 4, 5, 6, 8] as const;

export function columnsFor(widthPx: number): number {
  return BREAKPOINTS.find(([from]) => widthPx >= from)?.[1] ?? 2;
}

/** A column's width as a share of the container's. */
export function columnShare(columns: number): number {
  return 1 / (columns + (columns - 1) * GAP);
}

/**
 * A picture's height in column widths. A speck that depends on its id is added, far below a pixel: columns of equal shapes
 * would end level, and rounding, which differs with the width, would decide where the next picture goes.
 */
export function relativeHeight([id, width, height]: ImageFrame): number {
  const shape = width > 0 ? height / width : 1;
  return Math.min(Math.max(shape, MIN_HEIGHT), MAX_HEIGHT) + speckOf(id);
}

function speckOf(id: string): number {
  let hash = 2_166_136_261;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 16_777_619);
  return (hash >>> 0) / 2 ** 32 / 10_000;
}

export type Place = { column: number; top: number; height: number };

/** The virtualizer's own rule: the columns in turn, then always the shortest. A test holds both to it. */
export function place(frames: readonly ImageFrame[], columns: number): Place[] {
  const ends = new Array<number>(columns).fill(0);
  return frames.map((frame, index) => {
    const height = relativeHeight(frame);
    const column = index < columns ? index : ends.indexOf(Math.min(...ends));
    const top = index < columns ? 0 : (ends[column] ?? 0) + GAP;
    ends[column] = top + height;
    return { column, top, height };
  });
}
