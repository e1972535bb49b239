'use client';

import { usePathname } from 'next/navigation';
import { useCallback, useState, useSyncExternalStore } from 'react';
import type { ShelfState } from './use-shelf';

const OPEN = /^\/gallery\/([0-9a-f-]{36})$/;

const WIDE = '(min-width: 64rem)';

function onWide(tell: () => void): () => void {
  const query = window.matchMedia(WIDE);
  query.addEventListener('change', tell);
  return () => query.removeEventListener('change', tell);
}

/**
 * The picture that is seen large, which the address names. The lightbox has an address but is no navigation: what lies below
 * stays as it is.
 * @param query the filters, as they stand in the address
 */
export function useViewer({ shelf, reach }: ShelfState, query: string, setActive: (id: string) => void) {
  const addressed = OPEN.exec(usePathname())?.[1] ?? null;
  const [viewing, setViewing] = useState<string | null>(null);
  // The address follows a moment later than what is seen.
  const opened = addressed && (viewing ?? addressed);
  // Phones have no room for the recipe beside the picture; a window that is made larger has. What a person chose stays.
  const [chosenInfo, setInfo] = useState<boolean | null>(null);
  const isWide = useSyncExternalStore(
    onWide,
    () => window.matchMedia(WIDE).matches,
    () => true,
  );
  const info = chosenInfo ?? isWide;
  const open = useCallback(
    (id: string) => {
      setActive(id);
      setViewing(id);
      window.history.pushState({ fromGallery: true }, '', `/gallery/${id}${query}`);
    },
    [query, setActive],
  );
  /** From one picture to another. */
  const view = useCallback(
    (id: string) => {
      setActive(id);
      setViewing(id);
      if (shelf && shelf.frames.findIndex((frame) => frame[0] === id) > shelf.frames.length - 50)
        reach(shelf.frames.length + 1);
      window.history.replaceState(window.history.state, '', `/gallery/${id}${query}`);
    },
    [query, shelf, reach, setActive],
  );
  const close = () => window.history.back();
  return { opened, info, setInfo, open, view, close };
}
