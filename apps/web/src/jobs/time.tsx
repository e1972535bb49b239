'use client';

import { useLocale, useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import { formatDay, formatMoment } from '@/language/dates';
import type { Locale } from '@/language/locales';
import type { Words } from '@/language/messages';

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
function ago(t: Words<'jobs'>, locale: Locale, iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 60) return t('ago.seconds', { count: seconds });
  if (seconds < 3600) return t('ago.minutes', { count: Math.floor(seconds / 60) });
  if (seconds < 86_400) return t('ago.hours', { count: Math.floor(seconds / 3600) });
  if (seconds < 172_800) return t('ago.yesterday');
  return formatDay(locale, iso);
}

/**
 * How long ago something was; the exact time on hover. The server's words are nearly the browser's, so nothing moves when
 * these take their place: another element, because React leaves a text alone that differs from what the server drew.
 */
export function Ago({ at, everyMs = 30_000 }: { at: string; everyMs?: number }) {
  const t = useTranslations('jobs');
  const locale = useLocale();
  const now = useNow(everyMs);
  return (
    <time
      key={now === null ? 'drawn' : 'alive'}
      dateTime={at}
      title={now === null ? undefined : formatMoment(locale, at)}
      suppressHydrationWarning
    >
      {ago(t, locale, at, now ?? Date.now())}
    </time>
  );
}

/** A moment as date and time in the reader's own zone; until the page is alive in the server's. */
export function Moment({ at }: { at: string }) {
  const locale = useLocale();
  const now = useNow(3_600_000);
  return (
    <time key={now === null ? 'drawn' : 'alive'} dateTime={at} suppressHydrationWarning>
      {formatMoment(locale, at)}
    </time>
  );
}
