'use client';

import { lazy, Suspense, useEffect, useState } from 'react';
import { isTyping } from '@/gallery/keys';
import { meantKey } from './meant-key';

// Neither weighs on a page before somebody asks for it.
const Palette = lazy(() => import('./palette').then((module) => ({ default: module.Palette })));
const Sheet = lazy(() => import('./key-sheet').then((module) => ({ default: module.KeySheet })));

/** Ask for the palette, and for the sheet of keys, from anywhere in the page. */
export const OPEN_PALETTE = 'pixgen:palette';
export const OPEN_KEYS = 'pixgen:keys';

/** Ctrl/Cmd+K and `?`, everywhere behind the sign-in. */
export function Shortcuts({ admin }: { admin: boolean }) {
  const [open, setOpen] = useState<'palette' | 'sheet' | null>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setOpen((now) => (now === 'palette' ? null : 'palette'));
      } else if (!event.ctrlKey && !event.metaKey && !event.altKey) {
        if (isTyping(event.target) || meantKey(event.key) !== '?') return;
        event.preventDefault();
        setOpen('sheet');
      }
    };
    const askPalette = () => setOpen('palette');
    const askKeys = () => setOpen('sheet');
    window.addEventListener('keydown', press);
    window.addEventListener(OPEN_PALETTE, askPalette);
    window.addEventListener(OPEN_KEYS, askKeys);
    return () => {
      window.removeEventListener('keydown', press);
      window.removeEventListener(OPEN_PALETTE, askPalette);
      window.removeEventListener(OPEN_KEYS, askKeys);
    };
  }, []);
  const close = () => setOpen(null);
  return (
    <Suspense>
      {open === 'palette' && <Palette admin={admin} onClose={close} onKeys={() => setOpen('sheet')} />}
      {open === 'sheet' && <Sheet onClose={close} />}
    </Suspense>
  );
}
