'use client';

import { useCallback, useRef, useState } from 'react';
import { EVERYTHING, isSelected, NOTHING, range, type Selection, toggle } from './selection';
import type { Shelf } from './shelf';

/** Which pictures are selected, and whether tiles are there to be selected at all. */
export function useSelection(shelf: Shelf | null, active: string | null) {
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [selecting, setSelecting] = useState(false);
  // Where a range begins: not the active picture, which a click has already changed.
  const rangeFrom = useRef<string | null>(null);
  const start = useCallback(() => setSelecting(true), []);
  const stop = useCallback(() => {
    rangeFrom.current = null;
    setSelecting(false);
    setSelection(NOTHING);
  }, []);
  const all = useCallback(() => {
    setSelecting(true);
    setSelection(EVERYTHING);
  }, []);
  /** Changes one picture; `upTo`: everything between it and the one before as well. */
  const select = useCallback(
    (id: string, upTo: boolean) => {
      const from = rangeFrom.current ?? active;
      setSelecting(true);
      if (upTo && shelf && from && from !== id) {
        rangeFrom.current = from;
        setSelection((old) => range(ensure(old, from), shelf.frames, from, id));
      } else {
        rangeFrom.current = id;
        setSelection((old) => toggle(old, id));
      }
    },
    [active, shelf],
  );
  return { selection, selecting, start, stop, all, select };
}

/** A range begins with a picture that is selected. */
function ensure(selection: Selection, id: string): Selection {
  return isSelected(selection, id) ? selection : toggle(selection, id);
}
