'use client';

import { Button } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { Sparkles } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useTRPC } from '@/trpc/client';
import { filterInput, type GalleryFilters } from './filters';
import type { ShelfState } from './use-shelf';

/** What came meanwhile waits here: the list moves only when one asks for it. */
export function NewPill(props: { state: ShelfState; filters: GalleryFilters; page: number | null; quiet: boolean }) {
  const t = useTranslations('gallery');
  const { state } = props;
  const trpc = useTRPC();
  const { data: count, dataUpdatedAt } = useQuery({
    ...trpc.images.count.queryOptions(filterInput(props.filters)),
    staleTime: 0,
    refetchInterval: 60_000,
  });
  const [busy, setBusy] = useState(false);
  const { shelf } = state;
  // A count that is older than the shelf, or than what was done to it here, knows less than the shelf.
  const isNewer = count && shelf && count.readAt > shelf.readAt && dataUpdatedAt > (shelf.changedAtMs ?? 0);
  const fresh = isNewer ? count.total - shelf.total : 0;
  if (fresh <= 0 || props.quiet || state.isPending || (props.page !== null && props.page > 1)) return null;
  async function show() {
    setBusy(true);
    await state.restart();
    setBusy(false);
    window.scrollTo({ top: 0, behavior: 'instant' });
  }
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 top-4 z-30 flex justify-center">
      <Button
        variant="primary"
        busy={busy}
        onClick={show}
        className="pointer-events-auto animate-rise rounded-full shadow-lift"
      >
        <Sparkles aria-hidden="true" /> {t('new', { fresh })}
      </Button>
    </div>
  );
}
