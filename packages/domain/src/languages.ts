/** The languages that PixGen speaks, and which of them a caller gets. */

/** Adding one: a row here, the dashboard's messages in it, and the API's sentences in it; types say what is missing. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;
export const DEFAULT_LANGUAGE = 'en' satisfies Language;

export const languages = Object.keys(LANGUAGES) as Language[];

export function isLanguage(text: string): text is Language {
  return Object.hasOwn(LANGUAGES, text);
}

/** @param accepted the header Accept-Language (RFC 9110, 12.5.4): the first of the wished languages that there is */
export function pickLanguage(accepted: string | null | undefined): Language {
  const wishes = (accepted ?? '').split(',').map((wish) => {
    const [tag = '', ...parameters] = wish.trim().toLowerCase().split(';');
    const quality = parameters.map((one) => /^\s*q=([\d.]+)$/.exec(one)?.[1]).find((q) => q !== undefined);
    return { language: tag.split('-')[0] ?? '', quality: Number(quality ?? 1) };
  });
  // Sorting is stable: of equal wishes the first counts.
  const wished = wishes.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
  return wished.map(({ language }) => language).find(isLanguage) ?? DEFAULT_LANGUAGE;
}
