import { useTranslations } from 'next-intl';

/** Prompts as people read them: packs write `{subject}` where the trained subject goes. */
export function useReadable(): (prompt: string) => string {
  const t = useTranslations('shell');
  return (prompt) => prompt.replace(/\{subject\}/gi, t('theSubject'));
}
