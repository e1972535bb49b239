/** What is said when even the root layout fails: no messages reach the page then, so these stand in its code. */
import { DEFAULT_LANGUAGE, LANGUAGES, type Language } from './locales';

type LastWords = { title: string; text: string; again: string };
const WORDS: Record<Language, LastWords> = {
  en: {
    title: 'PixGen could not start this page',
    text: 'Running jobs go on; nothing is lost.',
    again: 'Try again',
  },
  de: {
    title: 'PixGen konnte diese Seite nicht starten',
    text: 'Laufende Aufträge gehen weiter; nichts ist verloren.',
    again: 'Noch einmal versuchen',
  },
};

/** In the language of the page that failed, where there was one. */
export function lastWords(): LastWords & { lang: Language } {
  const tag = typeof document === 'undefined' ? '' : document.documentElement.lang;
  const lang = (Object.keys(LANGUAGES) as Language[]).find((one) => one === tag) ?? DEFAULT_LANGUAGE;
  return { lang, ...WORDS[lang] };
}
