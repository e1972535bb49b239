'use client';

import { DEFAULT_LANGUAGE, LANGUAGES } from '@pixgen/domain';
import { Field, Select } from '@pixgen/ui';
import { Languages } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useLocale, useTranslations } from 'next-intl';
import { startTransition } from 'react';
import { LOCALE_COOKIE } from './locales';

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/**
 * The languages by their own names. The choice is kept in this browser and goes before the browser's wishes.
 *
 * @param props.labelled with its name above it, among other settings; else beside a sign
 */
export function LanguageChoice({ labelled = false }: { labelled?: boolean }) {
  const t = useTranslations('states');
  const router = useRouter();
  const locale = useLocale();
  function choose(language: string) {
    const secure = window.location.protocol === 'https:' ? 'secure' : '';
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing outside of secure contexts
    document.cookie = `${LOCALE_COOKIE}=${language}; path=/; max-age=${YEAR_SECONDS}; samesite=lax; ${secure}`;
    startTransition(() => router.refresh());
  }
  const select = (
    <Select
      aria-label={labelled ? undefined : t('language')}
      value={locale in LANGUAGES ? locale : DEFAULT_LANGUAGE}
      onChange={({ target }) => choose(target.value)}
      className="w-36"
    >
      {Object.entries(LANGUAGES).map(([language, name]) => (
        <option key={language} value={language} lang={language}>
          {name}
        </option>
      ))}
    </Select>
  );
  if (labelled) return <Field label={t('language')}>{select}</Field>;
  return (
    <span className="flex items-center gap-2">
      <Languages aria-hidden="true" className="size-4 text-ink-2" />
      {select}
    </span>
  );
}
