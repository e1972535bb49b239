'use client';

import { Segmented } from '@pixgen/ui';
import { Monitor, Moon, Sun } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { THEME_KEY } from './theme-script';

type Theme = 'light' | 'dark' | 'system';
const OPTIONS = [
  {
    value: 'light',
    label: (
      <>
        <Sun aria-hidden="true" /> Light
      </>
    ),
  },
  {
    value: 'dark',
    label: (
      <>
        <Moon aria-hidden="true" /> Dark
      </>
    ),
  },
  {
    value: 'system',
    label: (
      <>
        <Monitor aria-hidden="true" /> System
      </>
    ),
  },
] as const;

function subscribe(listener: () => void) {
  window.addEventListener('pixgen-theme', listener);
  return () => window.removeEventListener('pixgen-theme', listener);
}

function read(): Theme {
  const stored = localStorage.getItem(THEME_KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

/** Light, dark, or as the system says; kept in this browser. */
export function ThemeChoice() {
  const theme = useSyncExternalStore<Theme>(subscribe, read, () => 'system');
  return (
    <Segmented
      label="Theme"
      value={theme}
      options={OPTIONS}
      onValue={(next) => {
        localStorage.setItem(THEME_KEY, next);
        window.dispatchEvent(new Event('pixgen-theme'));
      }}
    />
  );
}
