/** The languages there are, and which of them a visitor gets. */

/** Adding one: its messages beside the others, and a row here. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;
export const DEFAULT_LANGUAGE: Language = 'en';

/** English with accents, longer and in brackets: what is not in the messages, or has no room, shows at once. */
export const PSEUDO_LOCALE = 'en-XA';
export type Locale = Language | typeof PSEUDO_LOCALE;

/** Where a person's choice is kept. Without one the browser's wishes count. */
export const LOCALE_COOKIE = 'pixgen_locale';

function isLanguage(text: string): text is Language {
  return Object.hasOwn(LANGUAGES, text);
}

/**
 * @param chosen the cookie's value
 * @param accepted the header Accept-Language (RFC 9110, 12.5.4): the first of the wished languages that there is
 * @param pseudo whether the pseudo-locale may be chosen
 */
export function pickLocale(chosen: string | undefined, accepted: string | null, pseudo: boolean): Locale {
  if (chosen === PSEUDO_LOCALE && pseudo) return PSEUDO_LOCALE;
  if (chosen !== undefined && isLanguage(chosen)) return chosen;
  const wishes = (accepted ?? '').split(',').map((wish) => {
    const [tag = '', ...parameters] = wish.trim().toLowerCase().split(';');
    const quality = parameters.map((one) => /^\s*q=([\d.]+)$/.exec(one)?.[1]).find((q) => q !== undefined);
    return { language: tag.split('-')[0] ?? '', quality: Number(quality ?? 1) };
  });
  // Sorting is stable: of equal wishes the first counts.
  const wished = wishes.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
  return wished.map(({ language }) => language).find(isLanguage) ?? DEFAULT_LANGUAGE;
}
