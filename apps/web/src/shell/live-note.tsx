'use client';

import { useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import { useLiveStatus } from '@/jobs/live';

const PATIENCE_MS = 8_000;

/** Says so when live updates have been away for a while; screens ask by themselves meanwhile. */
export function LiveNote() {
  const t = useTranslations('shell');
  const away = useLiveStatus() !== 'open';
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!away) return setShown(false);
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [away]);
  return (
    <p role="status" className="px-2 text-ink-2 text-xs not-empty:max-lg:py-2">
      {shown ? t('liveUpdatesAreAwayPages') : ''}
    </p>
  );
}
