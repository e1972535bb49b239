'use client';

import { lazy, Suspense, useEffect, useState } from 'react';
import { onWaiting } from './toast.ts';

// Fetched with the first note.
const ToastArea = lazy(() => import('./toast-area.tsx'));

/** Where short notes appear. A note is never the only carrier of an error or of the way back. */
export function Toaster() {
  const [wanted, setWanted] = useState(false);
  useEffect(() => onWaiting(() => setWanted(true)), []);
  if (!wanted) return null;
  return (
    <Suspense>
      <ToastArea />
    </Suspense>
  );
}
