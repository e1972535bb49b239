/** What next-intl asks once per request: the language of whoever asks, and its messages. */
import { cookies, headers } from 'next/headers';
import { getRequestConfig } from 'next-intl/server';
import { env } from '@/env';
import { LOCALE_COOKIE, type Locale, PSEUDO_LOCALE, pickLocale } from './locales';
import type { Messages } from './messages';

const MESSAGES: Record<Locale, () => Promise<Messages>> = {
  en: async () => (await import('./messages/en.json')).default,
  de: async () => (await import('./messages/de.json')).default,
  [PSEUDO_LOCALE]: async () => (await import('./pseudo')).pseudoMessages(await MESSAGES.en()),
};

export default getRequestConfig(async () => {
  const chosen = (await cookies()).get(LOCALE_COOKIE)?.value;
  const accepted = (await headers()).get('accept-language');
  const locale = pickLocale(chosen, accepted, env().PSEUDO_LOCALE === 'on');
  // Times are told in the browser, in the zone of whoever reads them; the server's own zone must not get in.
  return { locale, messages: await MESSAGES[locale](), timeZone: 'UTC' };
});
