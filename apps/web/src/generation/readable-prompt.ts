import { useTranslations } from 'next-intl';
import { nameSubject } from './name-subject';

/** Prompts as people read them: packs write `{subject}` where the trained subject goes. */
export function useReadable(): (prompt: string) => string {
  const t = useTranslations('shell');
  return (prompt) => nameSubject(prompt, t('theSubject'));
}
