/** The language of whoever makes the request at hand. */
import 'server-only';
import type { Language } from '@pixgen/domain';
import { cookies, headers } from 'next/headers';
import { env } from '@/env';
import { LOCALE_COOKIE, type Locale, languageOf, pickLocale } from './locales';

export async function requestLocale(): Promise<Locale> {
  const chosen = (await cookies()).get(LOCALE_COOKIE)?.value;
  const accepted = (await headers()).get('accept-language');
  return pickLocale(chosen, accepted, env().PSEUDO_LOCALE === 'on');
}

/** In which the API should answer. */
export async function requestLanguage(): Promise<Language> {
  return languageOf(await requestLocale());
}
