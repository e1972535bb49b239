'use client';

import { Field, Segmented } from '@pixgen/ui';
import { Monitor, Moon, Sun } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useSyncExternalStore } from 'react';
import { THEME_KEY } from './theme-script';

type Theme = 'light' | 'dark' | 'system';
const OPTIONS = [
  { value: 'light', icon: Sun },
  { value: 'dark', icon: Moon },
  { value: 'system', icon: Monitor },
] as const;

function subscribe(listener: () => void) {
  window.addEventListener('pixgen-theme', listener);
  return () => window.removeEventListener('pixgen-theme', listener);
}

function read(): Theme {
  const stored = localStorage.getItem(THEME_KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

/**
 * Light, dark, or as the system says; kept in this browser.
 *
 * @param props.labelled with its name above it, among other settings
 */
export function ThemeChoice({ labelled = false }: { labelled?: boolean }) {
  const t = useTranslations('shell');
  const theme = useSyncExternalStore<Theme>(subscribe, read, () => 'system');
  const choice = (
    <Segmented
      label={t('theme')}
      value={theme}
      options={OPTIONS.map(({ value, icon: Icon }) => ({
        value,
        label: (
          <>
            <Icon aria-hidden="true" /> {t(`themes.${value}`)}
          </>
        ),
      }))}
      onValue={(next) => {
        localStorage.setItem(THEME_KEY, next);
        window.dispatchEvent(new Event('pixgen-theme'));
      }}
    />
  );
  if (!labelled) return choice;
  return (
    <Field group label={t('theme')}>
      {choice}
    </Field>
  );
}
