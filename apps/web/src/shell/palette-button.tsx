'use client';

import { Kbd } from '@pixgen/ui';
import { Search } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { OPEN_PALETTE } from '@/keys/shortcuts';

/** The palette for those who do not know its key. */
export function PaletteButton() {
  const t = useTranslations('shell');
  return (
    <button
      type="button"
      onClick={() => window.dispatchEvent(new Event(OPEN_PALETTE))}
      className="flex h-9 items-center gap-3 rounded-control border border-edge/50 px-3 text-ink-2 text-sm hover:border-edge hover:text-ink"
    >
      <Search aria-hidden="true" className="size-4" /> {t('goTo')}
      <Kbd className="ml-auto">Ctrl K</Kbd>
    </button>
  );
}
