'use client';

import { useEffect, useState } from 'react';

/** The clock, told every `everyMs`; null until the page is alive, so that server and browser draw the same. */
export function useNow(everyMs: number): number | null {
  const [now, setNow] = useState<number | null>(null);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** "3 s ago", "2 min ago", "yesterday". */
export function ago(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  if (seconds < 172_800) return 'yesterday';
  return new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** How long ago something was; the exact time on hover. */
export function Ago({ at, everyMs = 30_000 }: { at: string; everyMs?: number }) {
  const now = useNow(everyMs);
  return (
    <time dateTime={at} title={now === null ? undefined : new Date(at).toLocaleString()}>
      {now === null ? at.slice(0, 10) : ago(at, now)}
    </time>
  );
}

/** A moment as date and time in the reader's own zone. */
export function Moment({ at }: { at: string }) {
  const now = useNow(3_600_000);
  return <time dateTime={at}>{now === null ? at.slice(0, 16).replace('T', ' ') : new Date(at).toLocaleString()}</time>;
}
