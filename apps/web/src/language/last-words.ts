/** What is said when even the root layout fails: no messages reach the page then, so these stand in its code. */
import { DEFAULT_LANGUAGE, isLanguage, type Language } from '@pixgen/domain';

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

/** What is said of a call when nobody answered it: by whatever made the call, where there are no messages at hand. */
const UNREACHABLE: Record<Language, string> = {
  en: 'PixGen cannot be reached. Check your connection; nothing is lost.',
  de: 'PixGen ist nicht zu erreichen. Prüfe deine Verbindung; nichts ist verloren.',
};

export function unreachable(): string {
  return UNREACHABLE[pageLanguage()];
}

/** In the language of the page that failed, where there was one. */
export function lastWords(): LastWords & { lang: Language } {
  const lang = pageLanguage();
  return { lang, ...WORDS[lang] };
}

function pageLanguage(): Language {
  const tag = typeof document === 'undefined' ? '' : document.documentElement.lang;
  return isLanguage(tag) ? tag : DEFAULT_LANGUAGE;
}
