'use client';

import { Button, Notice } from '@pixgen/ui';
import { Undo2, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import type { GalleryActs } from './use-gallery-acts';

/** Stands at the foot of the window, also above the lightbox: what was refused, what can be taken back, and `children`. */
export function GalleryDock({ acts, children }: { acts: GalleryActs; children: ReactNode }) {
  const t = useTranslations('gallery');
  return (
    <div className="pointer-events-none fixed inset-x-3 bottom-20 z-40 mx-auto grid max-w-3xl justify-items-center gap-2 *:pointer-events-auto lg:bottom-6">
      {acts.error && (
        <Notice
          tone="danger"
          className="w-full shadow-lift"
          action={
            <Button size="sm" onClick={acts.dismissError}>
              {t('dismiss')}
            </Button>
          }
        >
          {acts.error}
        </Notice>
      )}
      {acts.lastUndo && (
        <div
          role="status"
          className="flex items-center gap-2 rounded-full border border-line bg-surface py-1.5 pr-1.5 pl-4 text-ink text-sm shadow-lift"
        >
          {acts.lastUndo}
          <Button size="sm" busy={acts.undoing} onClick={() => void acts.undo()} className="rounded-full">
            <Undo2 aria-hidden="true" /> {t('undo')}
          </Button>
          <Button
            size="iconSm"
            variant="ghost"
            aria-label={t('dismiss')}
            onClick={acts.forgetUndo}
            className="rounded-full"
          >
            <X aria-hidden="true" />
          </Button>
        </div>
      )}
      {children}
    </div>
  );
}
