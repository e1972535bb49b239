'use client';

import { useEffect, useState } from 'react';
import { useLiveStatus } from '@/jobs/live';

const PATIENCE_MS = 8_000;

/** Says so when live updates have been away for a while; screens ask by themselves meanwhile. */
export function LiveNote() {
  const away = useLiveStatus() !== 'open';
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!away) return setShown(false);
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [away]);
  return (
    <p role="status" className="px-2 text-ink-2 text-xs">
      {shown ? 'Live updates are away; pages refresh by themselves every few seconds.' : ''}
    </p>
  );
}
