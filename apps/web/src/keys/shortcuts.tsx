'use client';

import { lazy, Suspense, useEffect, useState } from 'react';
import { isTyping } from '@/gallery/keys';
import { mayListen } from './registry';

const load = () => import('./dialogs');
// Neither weighs on a page before somebody asks for it.
const Palette = lazy(() => load().then((module) => ({ default: module.Palette })));
const Sheet = lazy(() => load().then((module) => ({ default: module.KeySheet })));

/** Asks for the palette from anywhere in the page. */
export const OPEN_PALETTE = 'pixgen:palette';

/** Ctrl/Cmd+K and `?`, everywhere behind the sign-in. */
export function Shortcuts({ admin }: { admin: boolean }) {
  const [open, setOpen] = useState<'palette' | 'sheet' | null>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setOpen((now) => (now === 'palette' ? null : 'palette'));
      } else if (event.key === '?' && !event.ctrlKey && !event.metaKey && !event.altKey) {
        if (isTyping(event.target) || !mayListen('?')) return;
        event.preventDefault();
        setOpen('sheet');
      }
    };
    const ask = () => setOpen('palette');
    window.addEventListener('keydown', press);
    window.addEventListener(OPEN_PALETTE, ask);
    return () => {
      window.removeEventListener('keydown', press);
      window.removeEventListener(OPEN_PALETTE, ask);
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
