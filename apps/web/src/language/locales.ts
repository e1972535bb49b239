/** Which of the languages a visitor gets. */
import { DEFAULT_LANGUAGE, isLanguage, type Language, pickLanguage } from '@pixgen/domain';

/** English with accents, longer and in brackets: what is not in the messages, or has no room, shows at once. */
export const PSEUDO_LOCALE = 'en-XA';
export type Locale = Language | typeof PSEUDO_LOCALE;

/** Where a person's choice is kept. Without one the browser's wishes count. */
export const LOCALE_COOKIE = 'pixgen_locale';

/** In which the API answers a visitor: it has no pseudo-locale. */
export function languageOf(locale: Locale): Language {
  return isLanguage(locale) ? locale : DEFAULT_LANGUAGE;
}

/**
 * @param chosen the cookie's value
 * @param accepted the header Accept-Language
 * @param pseudo whether the pseudo-locale may be chosen
 */
export function pickLocale(chosen: string | undefined, accepted: string | null, pseudo: boolean): Locale {
  if (chosen === PSEUDO_LOCALE && pseudo) return PSEUDO_LOCALE;
  if (chosen !== undefined && isLanguage(chosen)) return chosen;
  return pickLanguage(accepted);
}
