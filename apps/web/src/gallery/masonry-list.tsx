'use client';

import type { ImageFrame } from '@pixgen/domain';
import { defaultRangeExtractor, type Range, useWindowVirtualizer, type VirtualItem } from '@tanstack/react-virtual';
import { useTranslations } from 'next-intl';
import {
  type CSSProperties,
  type KeyboardEvent,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { DetailStore } from './detail-store';
import { GalleryTile, type TileActs } from './gallery-tile';
import { COLUMN_COUNTS, columnShare, columnsFor, GAP, place, relativeHeight } from './masonry';
import { isSelected, type Selection } from './selection';
import { anchorsOf, correction, type Placed, type Shelf, sameAtStart } from './shelf';
import { FIRST } from './shelf-query';

/** Rows drawn beyond the window's edges. */
const OVERSCAN = 2;
/** Pictures that are loaded beyond those on the screen. */
const AHEAD = 400;
/** Rows beyond the edges whose details must be there, so that a tile is drawn once, and rows that come along with them. */
const DETAIL_ROWS = 2;
const DETAIL_ROWS_AROUND = 12;
/** How long scrolling rests before the place is kept. */
const KEEP_MS = 150;
const UNKNOWN: ImageFrame = ['', 1, 1];

export type MasonryHandle = {
  /** Brings a picture into the window, if it is not there, and gives it the keyboard. */
  focusTile: (id: string) => void;
};

type Props = {
  shelf: Shelf;
  /** Another list has other pictures; only within one is there a place to keep. */
  list: string;
  /** Pictures before the first, on numbered pages. */
  offset: number;
  details: DetailStore;
  acts: TileActs;
  selection: Selection;
  selecting: boolean;
  trash: boolean;
  active: string | null;
  hrefOf: (id: string) => string;
  onReach: (index: number) => void;
  /** Keys that are not about moving. */
  onKey: (event: KeyboardEvent) => void;
  ref: Ref<MasonryHandle>;
};

/**
 * All pictures in columns; only those near the window are in the document. What the server drew stands where it stood when
 * the browser takes over, and what one looks at stands still while pictures come and go around it.
 */
export function MasonryList(props: Props) {
  const t = useTranslations('gallery');
  const { shelf, details, acts, selection, active } = props;
  const { frames, total } = shelf;
  const list = useRef<HTMLUListElement>(null);
  const box = useBox(list);
  const columns = columnsFor(box?.width ?? 0);
  const columnPx = (box?.width ?? 0) * columnShare(columns);
  const activeIndex = useMemo(() => frames.findIndex(([id]) => id === active), [frames, active]);
  const average = useMemo(() => averageHeight(frames), [frames]);

  const virtualizer = useWindowVirtualizer({
    count: !box ? 0 : shelf.cursor === null ? frames.length : Math.max(total, frames.length),
    lanes: columns,
    gap: GAP * columnPx,
    overscan: OVERSCAN,
    scrollMargin: box?.top ?? 0,
    estimateSize: (index) => (frames[index] ? relativeHeight(frames[index]) : average) * columnPx,
    // A new function for a new list or width: the virtualizer then places everything anew.
    getItemKey: useCallback((index: number) => frames[index]?.[0] ?? index, [frames, columnPx]),
    // Sizes are known, never measured: columns follow from them alone, and stay the same for what stands before a change.
    laneAssignmentMode: 'measured',
    // The tile with the keyboard stays in the document, or the keyboard would be lost with it.
    rangeExtractor: (range: Range) => {
      const indexes = defaultRangeExtractor(range);
      if (activeIndex < 0 || indexes.includes(activeIndex)) return indexes;
      return [...indexes, activeIndex].sort((a, b) => a - b);
    },
  });
  const items = box ? virtualizer.getVirtualItems() : [];
  // The same style object for as long as a picture stands where it does: scrolling draws no tile anew that was there. All
  // others for another width or beginning.
  const styles = useMemo(() => new WeakMap<VirtualItem, CSSProperties>(), [columnPx, box?.top]);
  const styleOf = (item: VirtualItem, topPx: number): CSSProperties => {
    const style = styles.get(item) ?? placed(item, columnPx, topPx);
    styles.set(item, style);
    return style;
  };
  const firstIndex = items[0]?.index ?? 0;
  const lastIndex = items.at(-1)?.index ?? 0;

  const { onReach } = props;
  useEffect(() => {
    if (lastIndex + AHEAD > frames.length) onReach(lastIndex + AHEAD);
  }, [lastIndex, frames.length, onReach]);
  useEffect(() => {
    const ids = (from: number, to: number) => frames.slice(Math.max(from, 0), Math.max(to, 0)).map(([id]) => id);
    const end = lastIndex + 1;
    const [near, far] = [columns * DETAIL_ROWS, columns * DETAIL_ROWS_AROUND];
    details.want(ids(firstIndex - near, end + near), [
      ...ids(firstIndex, end + far),
      ...ids(firstIndex - far, firstIndex),
    ]);
  }, [details, frames, columns, firstIndex, lastIndex]);

  useStandingStill(virtualizer, { list: props.list, frames, columnPx, topPx: box?.top ?? 0 }, active);

  useReturn(box !== null);

  const [wish, setWish] = useState<string | null>(null);
  useImperativeHandle(props.ref, () => ({ focusTile: (id: string) => setWish(id) }), []);
  useEffect(() => {
    if (wish === null) return;
    const tile = list.current?.querySelector<HTMLElement>(`[data-tile="${wish}"]`);
    if (tile) {
      tile.focus({ preventScroll: true });
      tile.scrollIntoView({ block: 'nearest' });
      setWish(null);
      return;
    }
    const index = frames.findIndex(([id]) => id === wish);
    if (index < 0) setWish(null);
    else virtualizer.scrollToIndex(index, { align: 'center' });
  }, [wish, items, frames, virtualizer]);

  function onKeyDown(event: KeyboardEvent) {
    const target = event.ctrlKey || event.metaKey || event.altKey ? null : move(event.key);
    const id = target === null ? undefined : frames[target]?.[0];
    if (id === undefined) return props.onKey(event);
    event.preventDefault();
    if (event.shiftKey) acts.select(id, true);
    acts.focus(id);
    setWish(id);
  }

  /** The picture that a key moves to. */
  function move(key: string): number | null {
    if (activeIndex < 0) return null;
    const last = frames.length - 1;
    if (key === 'ArrowLeft') return Math.max(activeIndex - 1, 0);
    if (key === 'ArrowRight') return Math.min(activeIndex + 1, last);
    if (key === 'Home') return 0;
    if (key === 'End') return last;
    if (key === 'ArrowUp' || key === 'ArrowDown') {
      return alongColumn(virtualizer.measurementsCache, activeIndex, key === 'ArrowUp' ? -1 : 1, last) ?? activeIndex;
    }
    return null;
  }

  const common = {
    details,
    acts,
    selecting: props.selecting,
    trash: props.trash,
    total,
  };
  const tile = (frame: ImageFrame, index: number, style: CSSProperties, className: string) => (
    <GalleryTile
      key={frame[0]}
      frame={frame}
      index={props.offset + index}
      href={props.hrefOf(frame[0])}
      active={frame[0] === active || (activeIndex < 0 && index === firstIndex)}
      selected={isSelected(selection, frame[0])}
      style={style}
      className={className}
      near={box !== null}
      {...common}
    />
  );
  return (
    <div className="masonry-box">
      <ul
        ref={list}
        aria-label={t('pictures')}
        onKeyDown={onKeyDown}
        className="masonry"
        style={box ? { height: virtualizer.getTotalSize() } : firstHeights(frames)}
      >
        {box
          ? items.map((item) => {
              const style = styleOf(item, box.top);
              const frame = frames[item.index];
              if (frame) return tile(frame, item.index, style, 'absolute contain-strict');
              return (
                <li key={item.key} aria-hidden="true" style={style} className="absolute rounded-print bg-sunken" />
              );
            })
          : drawFirst(frames).map(({ frame, style }, index) => tile(frame, index, style, 'masonry-tile'))}
      </ul>
    </div>
  );
}

function placed(item: VirtualItem, columnPx: number, topPx: number): CSSProperties {
  return {
    width: columnPx,
    height: item.size,
    left: item.lane * (1 + GAP) * columnPx,
    top: item.start - topPx,
  };
}

/** The first pictures with their places for every number of columns: the style sheet takes the one that fits. */
function drawFirst(frames: readonly ImageFrame[]): { frame: ImageFrame; style: CSSProperties }[] {
  const shown = frames.slice(0, FIRST);
  const places = COLUMN_COUNTS.map((columns) => place(shown, columns));
  return shown.map((frame, index) => {
    const style: Record<string, string> = { '--height': relativeHeight(frame).toFixed(5) };
    for (const [at, columns] of COLUMN_COUNTS.entries()) {
      style[`--c${columns}`] = String(places[at]?.[index]?.column ?? 0);
      style[`--y${columns}`] = (places[at]?.[index]?.top ?? 0).toFixed(5);
    }
    return { frame, style: style as CSSProperties };
  });
}

/** Room for the first pictures, for every number of columns: what follows the list does not jump. */
function firstHeights(frames: readonly ImageFrame[]): CSSProperties {
  const heights = COLUMN_COUNTS.map((columns) => {
    const ends = place(frames.slice(0, FIRST), columns).map(({ top, height }) => top + height);
    return [`--h${columns}`, (Math.max(0, ...ends) * columnShare(columns)).toFixed(5)];
  });
  return Object.fromEntries(heights) as CSSProperties;
}

function averageHeight(frames: readonly ImageFrame[]): number {
  const known = frames.slice(0, 500);
  if (known.length === 0) return relativeHeight(UNKNOWN);
  return known.reduce((sum, frame) => sum + relativeHeight(frame), 0) / known.length;
}

/** The next picture up or down in the same column. */
function alongColumn(items: readonly VirtualItem[], from: number, step: 1 | -1, last: number): number | null {
  const lane = items[from]?.lane;
  for (let at = from + step; at >= 0 && at <= last; at += step) if (items[at]?.lane === lane) return at;
  return null;
}

/** Where the list stands in the document; null on the server and while the browser takes over. */
function useBox(list: React.RefObject<HTMLUListElement | null>) {
  const [box, setBox] = useState<{ width: number; top: number } | null>(null);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = () => {
      const rect = element.getBoundingClientRect();
      const next = { width: rect.width, top: Math.round(rect.top + window.scrollY) };
      setBox((old) => (old && old.width === next.width && old.top === next.top ? old : next));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    // Notices above the list come and go.
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [list]);
  return box;
}

type Layout = { list: string; frames: readonly ImageFrame[]; columnPx: number; topPx: number };

/**
 * Scrolls by what the best anchor moved when the list changes, before anything is painted. Another width, or something else
 * above the list, moves nothing for those who see the top of the page: there it is the place they are at.
 */
function useStandingStill(
  virtualizer: ReturnType<typeof useWindowVirtualizer>,
  { list, frames, columnPx, topPx }: Layout,
  active: string | null,
) {
  // Focus as it was, too: when its picture leaves, the next one gets it, and is not what stood still.
  const before = useRef<(Layout & { placed: Placed[]; active: string | null }) | null>(null);
  useLayoutEffect(() => {
    const last = before.current;
    const isMoved =
      last !== null && (last.columnPx !== columnPx || last.topPx !== topPx) && window.scrollY > last.topPx;
    if (last?.list === list && last.columnPx > 0 && (isMoved || last.frames !== frames)) {
      const at = new Map(frames.map(([id], index) => [id, index]));
      // What was above the list before and is not any more is no reason to scroll at the top.
      const shiftPx = isMoved ? 0 : topPx - last.topPx;
      const startOf = (id: string) => {
        const start = virtualizer.measurementsCache[at.get(id) ?? -1]?.start;
        return start === undefined ? null : start - shiftPx;
      };
      const same = isMoved ? 0 : sameAtStart(last.frames, frames);
      const stays = (id: string) => (at.get(id) ?? same) < same;
      const anchors = anchorsOf(last.placed, window.scrollY, window.innerHeight, last.active, stays);
      const byPx = correction(anchors, startOf, window.scrollY);
      if (Math.abs(byPx) >= 1) window.scrollBy({ top: byPx, behavior: 'instant' });
    }
    const placed = virtualizer.getVirtualItems().map(({ key, start, end }) => ({ key: String(key), start, end }));
    before.current = { list, frames, columnPx, topPx, placed, active };
  });
}

/** By the browser's own: the router's would draw the page anew, and the place is none of its business. */
function noteTop(galleryTop: number): void {
  History.prototype.replaceState.call(window.history, { ...window.history.state, galleryTop }, '');
}

const LEFT_AT = 'pixgen-gallery-left-at';

/** A reload takes the history's entry as it was before the page went, so what came in its last moments is kept beside it. */
function keepForReload({ persisted }: PageTransitionEvent): void {
  // It may come back as it stands.
  if (persisted) return;
  try {
    sessionStorage.setItem(LEFT_AT, JSON.stringify([location.href, window.scrollY]));
  } catch {}
}

/** @returns where this page stood when it was reloaded; null when it was not, or the page before was another */
function topBeforeReload(): number | null {
  try {
    const text = sessionStorage.getItem(LEFT_AT);
    sessionStorage.removeItem(LEFT_AT);
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    if (text === null || navigation?.type !== 'reload') return null;
    const [address, top]: unknown[] = JSON.parse(text);
    return address === location.href && typeof top === 'number' ? top : null;
  } catch {
    // Without storage (private modes) what the history's entry says has to do.
    return null;
  }
}

/** Coming back to this entry of the history, also by a reload, leads to where one was: with the size of the whole list known there is something to scroll to. */
function useReturn(isPlaced: boolean) {
  useLayoutEffect(() => {
    if (!isPlaced) return;
    const left = topBeforeReload();
    if (left !== null) noteTop(left);
    const top: unknown = window.history.state?.galleryTop;
    if (typeof top === 'number' && top > 0) window.scrollTo({ top, behavior: 'instant' });
    let timer: ReturnType<typeof setTimeout> | undefined;
    let endedAt = Number.NEGATIVE_INFINITY;
    const keep = (path: string) => {
      clearTimeout(timer);
      // By then another page may be open.
      if (location.pathname !== path) return;
      noteTop(window.scrollY);
    };
    const keepSoon = () => {
      clearTimeout(timer);
      timer = setTimeout(keep, KEEP_MS, location.pathname);
    };
    // At once, so that a reload right after leads here and not to the place before; older Safari has only the timer. Scrolling
    // by script ends with every frame: to the browser each entry is a navigation, and it takes only so many in a while.
    const keepNow = () => {
      const rested = performance.now() - endedAt > KEEP_MS;
      endedAt = performance.now();
      if (rested) keep(location.pathname);
    };
    window.addEventListener('scroll', keepSoon, { passive: true });
    window.addEventListener('scrollend', keepNow);
    window.addEventListener('pagehide', keepForReload);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('pagehide', keepForReload);
      window.removeEventListener('scroll', keepSoon);
      window.removeEventListener('scrollend', keepNow);
    };
  }, [isPlaced]);
}
