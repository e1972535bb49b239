'use client';

import { Button, LinkButton } from '@pixgen/ui';
import { useInfiniteQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';
import { fetchMore } from '@/trpc/fetch-more';
import { GenerationBlock } from './generation-block';

/** Everything made with this model, newest first; the running one is on top. */
export default function StudioPictures({ modelId }: { modelId: string }) {
  const t = useTranslations('studio');
  const trpc = useTRPC();
  const list = useInfiniteQuery(
    trpc.generation.list.infiniteQueryOptions({ modelId, limit: 10 }, { getNextPageParam: (page) => page.nextCursor }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label={t('pictures')} className="grid content-start gap-12 lg:col-start-1">
      {items.length === 0 && !list.isPending && (
        <p className="rounded-card border border-edge/50 border-dashed px-6 py-16 text-center text-ink-2">
          {t('yourPicturesComeUpHere')}{' '}
          <LinkButton as={Link} href={`/packs?model=${modelId}`} variant="ghost" size="sm">
            {t('orRunAPack')}
          </LinkButton>
        </p>
      )}
      {items.map((generation) => (
        <GenerationBlock key={generation.id} generation={generation} />
      ))}
      {list.hasNextPage && (
        <Button className="justify-self-center" busy={list.isFetchingNextPage} onClick={() => void fetchMore(list)}>
          {t('showOlder')}
        </Button>
      )}
    </section>
  );
}
