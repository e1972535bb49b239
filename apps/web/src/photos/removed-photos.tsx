'use client';

import { Button } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { ChevronDown, Undo2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';

/** Photos that were taken out of the set within 30 days, each with its way back; nothing when there are none. */
export function RemovedPhotos({ modelId, onRestore }: { modelId: string; onRestore: (id: string) => void }) {
  const t = useTranslations('photos');
  const trpc = useTRPC();
  const items = useQuery(trpc.photos.list.queryOptions({ modelId, deleted: true })).data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <details className="group rounded-card border border-line bg-surface">
      <summary className="flex items-center justify-between gap-4 rounded-card px-5 py-3 text-sm [&::-webkit-details-marker]:hidden">
        {t('removedPhotos', { count: items.length })}
        <ChevronDown aria-hidden="true" className="size-4 text-ink-2 transition-transform group-open:rotate-180" />
      </summary>
      <ul
        aria-label={t('removedPhotos', { count: items.length })}
        className="grid divide-y divide-line px-5 pb-3 text-sm"
      >
        {items.map((photo) => (
          <li key={photo.id} className="flex items-center gap-4 py-2">
            <span className="min-w-0 flex-1 truncate">{photo.fileName}</span>
            <Button
              size="sm"
              aria-label={t('bringBack', { fileName: photo.fileName })}
              onClick={() => onRestore(photo.id)}
            >
              <Undo2 aria-hidden="true" /> {t('undo')}
            </Button>
          </li>
        ))}
      </ul>
    </details>
  );
}
