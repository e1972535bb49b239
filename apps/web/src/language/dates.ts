/** Dates and times of day as a language writes them, in the reader's own zone: only the browser knows it. */
import type { Locale } from './locales';

/** English with the day first, as nobody can misread it. */
const REGIONS: Record<Locale, string> = { en: 'en-GB', de: 'de-DE', 'en-XA': 'en-GB' };

/** "23 Nov 2026" */
export function formatDay(locale: Locale, iso: string): string {
  return new Intl.DateTimeFormat(REGIONS[locale], { dateStyle: 'medium' }).format(new Date(iso));
}

/** "23 Nov 2026, 09:30:00" */
export function formatMoment(locale: Locale, iso: string): string {
  return new Intl.DateTimeFormat(REGIONS[locale], { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso));
}

/** "09:30:00" */
export function formatTime(locale: Locale, iso: string): string {
  return new Intl.DateTimeFormat(REGIONS[locale], { timeStyle: 'medium' }).format(new Date(iso));
}
