'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';
import { PrintLink } from './print-link';

/** The newest pictures in rows. */
export function PrintStrip() {
  const t = useTranslations('shell');
  const trpc = useTRPC();
  const images = useQuery(trpc.images.list.queryOptions({ limit: 12 }));
  return (
    <ul aria-label={t('recentPictures')} className="print-rows">
      {images.data?.items.map((image) => (
        <PrintLink key={image.id} image={image} />
      ))}
    </ul>
  );
}
