/** Types of the messages: English says which there are, so that a wrong key does not compile. */
import type { useTranslations } from 'next-intl';
import type { Locale } from './locales';
import type english from './messages/en.json';

export type Messages = typeof english;
export type Namespace = keyof Messages;
/** What {@link useTranslations} gives for a namespace, for functions that are told it. */
export type Words<N extends Namespace> = ReturnType<typeof useTranslations<N>>;

declare module 'next-intl' {
  interface AppConfig {
    Locale: Locale;
    Messages: Messages;
  }
}
