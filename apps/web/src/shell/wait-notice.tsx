'use client';

import { useTranslations } from 'next-intl';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { waitInWords, waitStore } from './wait-store';

/** Counts down to when calls are taken again, after one was refused for being one too many, or because PixGen could not. */
export function WaitNotice() {
  const t = useTranslations('shell');
  const until = useSyncExternalStore(waitStore.subscribe, waitStore.until, () => 0);
  const isBusy = useSyncExternalStore(waitStore.subscribe, waitStore.isBusy, () => false);
  const [leftMs, setLeftMs] = useState(0);
  useEffect(() => {
    const look = () => setLeftMs(Math.max(0, until - Date.now()));
    look();
    const timer = setInterval(look, 1_000);
    return () => clearInterval(timer);
  }, [until]);
  return (
    // The region stays, so that what appears in it is read out; the seconds are not, each by each.
    <div role="status" className="fixed inset-x-0 bottom-20 z-50 flex justify-center px-4 lg:bottom-6">
      {leftMs > 0 && (
        <p className="rounded-control bg-warn-soft px-4 py-2 text-sm text-warn shadow-lg">
          {t.rich(isBusy ? 'busyForNow' : 'tooManyRequestsInA', {
            time: () => (
              <span aria-hidden="true" className="tabular-nums">
                {waitInWords(t, leftMs)}
              </span>
            ),
            spoken: (words) => <span className="sr-only">{words}</span>,
          })}
        </p>
      )}
    </div>
  );
}
