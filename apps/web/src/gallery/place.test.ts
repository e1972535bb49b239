/** What stands still: the real virtualizer with a window of its own, and every change that the gallery makes. */
import type { ImageFrame } from '@pixgen/domain';
import { Virtualizer } from '@tanstack/virtual-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COLUMN_COUNTS, columnShare, columnsFor, GAP, place, relativeHeight } from './masonry';
import { anchorsOf, append, correction, nextFocus, type Shelf, sameAtStart, withBack, without } from './shelf';

const uuid = (number: number) => `01a2048f-d06e-71c0-8d84-${number.toString(16).padStart(12, '0')}`;
const SIZES = [
  [1024, 1024],
  [832, 1216],
  [1216, 832],
  [768, 1344],
  [0, 0],
  [4000, 100],
] as const;

/** Distinct pictures, newest first, as the list is. */
const framesOf = (shapes: readonly number[]): ImageFrame[] =>
  shapes.map((shape, index) => {
    const [width, height] = SIZES[shape % SIZES.length] ?? [1, 1];
    return [uuid(shapes.length * 10 - index * 10), width, height];
  });
const shapes = (max: number) => fc.array(fc.nat(SIZES.length - 1), { minLength: 1, maxLength: max });

/** The gallery's virtualizer over a window that is not there. */
function layOut(frames: readonly ImageFrame[], widthPx: number, columns = columnsFor(widthPx)) {
  const columnPx = widthPx * columnShare(columns);
  const virtualizer = new Virtualizer<Window, Element>({
    count: frames.length,
    lanes: columns,
    gap: GAP * columnPx,
    estimateSize: (index) => relativeHeight(frames[index] ?? ['', 1, 1]) * columnPx,
    getItemKey: (index) => frames[index]?.[0] ?? index,
    laneAssignmentMode: 'measured',
    getScrollElement: () => null,
    scrollToFn: () => undefined,
    observeElementRect: () => undefined,
    observeElementOffset: () => undefined,
  });
  // Places everything.
  virtualizer.getTotalSize();
  return { items: virtualizer.measurementsCache, columnPx };
}

const placed = (frames: readonly ImageFrame[], widthPx: number) =>
  layOut(frames, widthPx).items.map(({ key, start, end }) => ({ key: String(key), start, end }));

const shelfOf = (frames: readonly ImageFrame[]): Shelf => ({ frames, cursor: null, total: frames.length, readAt: '' });

describe('the first paint', () => {
  it('puts every picture where the browser will have it, in any window', () => {
    fc.assert(
      fc.property(shapes(60), fc.double({ min: 200, max: 4000, noNaN: true }), (picked, widthPx) => {
        const frames = framesOf(picked);
        for (const columns of COLUMN_COUNTS) {
          const { items, columnPx } = layOut(frames, widthPx, columns);
          for (const [index, { column, top, height }] of place(frames, columns).entries()) {
            const item = items[index];
            expect(item?.lane).toBe(column);
            expect(item?.start).toBeCloseTo(top * columnPx, 3);
            expect(item?.size).toBeCloseTo(height * columnPx, 3);
          }
        }
      }),
      { seed: 6, numRuns: 200 },
    );
  });

  it('lets no two pictures overlap, and keeps every shape within reason', () => {
    fc.assert(
      fc.property(shapes(80), fc.constantFrom(...COLUMN_COUNTS), (picked, columns) => {
        const ends = new Map<number, number>();
        for (const { column, top, height } of place(framesOf(picked), columns)) {
          expect(top).toBeGreaterThanOrEqual(ends.get(column) ?? 0);
          expect(height).toBeGreaterThan(0.39);
          expect(height).toBeLessThan(2.51);
          ends.set(column, top + height);
        }
      }),
      { seed: 6 },
    );
  });
});

describe('the place of what one looks at', () => {
  const HEIGHT = 800;
  type Step = { kind: 'delete' | 'undo' | 'insert' | 'append' | 'star'; pick: number[] };
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('delete', 'undo', 'insert', 'append', 'star'),
    pick: fc.array(fc.nat(400), { minLength: 1, maxLength: 12 }),
  });

  it('does not move when others are deleted, brought back, inserted, loaded or starred', () => {
    fc.assert(
      fc.property(
        shapes(200),
        fc.nat(10_000),
        fc.integer({ min: 300, max: 2000 }),
        fc.array(step, { maxLength: 12 }),
        fc.nat(199),
        (picked, scroll, widthPx, steps, focusAt) => {
          let shelf = shelfOf(framesOf(picked));
          const deleted: ImageFrame[] = [];
          let focused: string | null = shelf.frames[focusAt % shelf.frames.length]?.[0] ?? null;
          let scrollTop = scroll % Math.max(...placed(shelf.frames, widthPx).map(({ end }) => end), 1);
          for (const { kind, pick } of steps) {
            const before = placed(shelf.frames, widthPx);
            const old = shelf;
            if (kind === 'delete') {
              const ids = new Set(pick.map((at) => old.frames[at % Math.max(old.frames.length, 1)]?.[0] ?? ''));
              deleted.push(...old.frames.filter(([id]) => ids.has(id)));
              shelf = without(old, ids);
            } else if (kind === 'undo') {
              shelf = withBack(old, deleted.splice(0));
            } else if (kind === 'insert') {
              // New pictures may belong anywhere: an older order can finish later.
              shelf = withBack(
                old,
                pick.map((at): ImageFrame => [uuid(at * 10 + 5), 1024, 768]),
              );
            } else if (kind === 'append') {
              const open = { ...old, cursor: old.frames.at(-1)?.[0] ?? '-' };
              shelf = append(open, open.cursor, { items: [[uuid(0), 10, 10]], nextCursor: null });
              if (old.frames.some(([id]) => id === uuid(0))) shelf = old;
            }
            const after = placed(shelf.frames, widthPx);
            const same = sameAtStart(old.frames, shelf.frames);
            const still = new Set(old.frames.slice(0, same).map(([id]) => id));
            const anchors = anchorsOf(before, scrollTop, HEIGHT, focused, (id) => still.has(id));
            const startOf = (id: string) => after.find(({ key }) => key === id)?.start ?? null;
            const top = scrollTop + correction(anchors, startOf, scrollTop);
            const kept = anchors.find(({ id }) => startOf(id) !== null);
            const isSeen = anchors.some(({ id }) => id === focused);
            const isStill = anchors.some(({ id }) => still.has(id));
            if (isStill) expect(top).toBe(scrollTop);
            else if (focused && isSeen && startOf(focused) !== null) expect(kept?.id).toBe(focused);
            focused = nextFocus(
              old.frames,
              focused,
              new Set(old.frames.map(([id]) => id).filter((id) => startOf(id) === null)),
            );
            if (kept) expect((startOf(kept.id) ?? 0) - top).toBeCloseTo(kept.offsetPx, 3);
            if (kind === 'star') expect([top, shelf]).toEqual([scrollTop, old]);
            // What stands before the first change does not move at all.
            for (let at = 0; at < same; at += 1) expect(after[at]).toEqual(before[at]);
            scrollTop = Math.max(top, 0);
          }
        },
      ),
      { seed: 19, numRuns: 300 },
    );
  });

  it('loses and doubles no picture, whatever is deleted and brought back', () => {
    fc.assert(
      fc.property(
        shapes(100),
        fc.array(fc.array(fc.nat(99), { maxLength: 20 }), { maxLength: 6 }),
        (picked, rounds) => {
          const all = framesOf(picked);
          let shelf = shelfOf(all);
          const gone: ImageFrame[][] = [];
          for (const round of rounds) {
            const ids = new Set(round.map((at) => all[at % all.length]?.[0] ?? ''));
            gone.push(shelf.frames.filter(([id]) => ids.has(id)));
            shelf = without(shelf, ids);
            expect(shelf.total).toBe(shelf.frames.length);
          }
          for (const frames of gone.toReversed()) shelf = withBack(shelf, frames);
          expect(shelf).toEqual(shelfOf(all));
        },
      ),
      { seed: 6 },
    );
  });

  it('takes no part of the list that was asked for before the list began anew', () => {
    const shelf: Shelf = { frames: framesOf([0, 1]), cursor: uuid(10), total: 5, readAt: '' };
    expect(append(shelf, uuid(99), { items: framesOf([2]), nextCursor: null })).toBe(shelf);
    expect(append(shelf, uuid(10), { items: [[uuid(5), 1, 1]], nextCursor: null })).toMatchObject({
      total: 3,
      cursor: null,
    });
  });
});

describe('the keyboard’s place', () => {
  it('stays where it is, else goes to the next picture that stays, else to the one before; lost only with the last', () => {
    fc.assert(
      fc.property(shapes(60), fc.nat(59), fc.array(fc.nat(59), { maxLength: 60 }), (picked, at, leave) => {
        const frames = framesOf(picked);
        const focused = frames[at % frames.length]?.[0] ?? '';
        const leaving = new Set(leave.map((index) => frames[index % frames.length]?.[0] ?? ''));
        const next = nextFocus(frames, focused, leaving);
        const staying = frames.map(([id]) => id).filter((id) => !leaving.has(id));
        if (!leaving.has(focused)) expect(next).toBe(focused);
        else if (staying.length === 0) expect(next).toBeNull();
        // Older ids are smaller: the next one in the list is the greatest below.
        else expect(next).toBe(staying.find((id) => id < focused) ?? staying.at(-1));
      }),
      { seed: 6, numRuns: 500 },
    );
    expect(nextFocus(framesOf([0]), null, new Set([uuid(10)]))).toBeNull();
  });
});
