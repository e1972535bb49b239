'use client';

import { DEFAULT_LANGUAGE, LANGUAGES } from '@pixgen/domain';
import { Select } from '@pixgen/ui';
import { useRouter } from 'next/navigation';
import { useLocale, useTranslations } from 'next-intl';
import { startTransition } from 'react';
import { LOCALE_COOKIE } from './locales';

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** The languages by their own names. The choice is kept in this browser and goes before the browser's wishes. */
export function LanguageChoice({ className }: { className?: string }) {
  const t = useTranslations('states');
  const router = useRouter();
  const locale = useLocale();
  function choose(language: string) {
    const secure = window.location.protocol === 'https:' ? 'secure' : '';
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing outside of secure contexts
    document.cookie = `${LOCALE_COOKIE}=${language}; path=/; max-age=${YEAR_SECONDS}; samesite=lax; ${secure}`;
    startTransition(() => router.refresh());
  }
  return (
    <Select
      aria-label={t('language')}
      value={locale in LANGUAGES ? locale : DEFAULT_LANGUAGE}
      onChange={({ target }) => choose(target.value)}
      className={className}
    >
      {Object.entries(LANGUAGES).map(([language, name]) => (
        <option key={language} value={language} lang={language}>
          {name}
        </option>
      ))}
    </Select>
  );
}
