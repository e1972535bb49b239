/** What next-intl asks once per request: the language of whoever asks, and its messages. */
import { getRequestConfig } from 'next-intl/server';
import { type Locale, PSEUDO_LOCALE } from './locales';
import type { Messages } from './messages';
import { requestLocale } from './request-locale';

const MESSAGES: Record<Locale, () => Promise<Messages>> = {
  en: async () => (await import('./messages/en.json')).default,
  de: async () => (await import('./messages/de.json')).default,
  [PSEUDO_LOCALE]: async () => (await import('./pseudo')).pseudoMessages(await MESSAGES.en()),
};

export default getRequestConfig(async () => {
  const locale = await requestLocale();
  // Times are told in the browser, in the zone of whoever reads them; the server's own zone must not get in.
  return { locale, messages: await MESSAGES[locale](), timeZone: 'UTC' };
});
