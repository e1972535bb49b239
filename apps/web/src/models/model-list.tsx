'use client';

import { Button } from '@pixgen/ui';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';
import { ModelCard } from './model-card';

export function ModelList() {
  const t = useTranslations('models');
  const trpc = useTRPC();
  const models = useInfiniteQuery(
    trpc.models.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
  );
  const items = models.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="grid gap-8">
      <ul aria-label={t('models')} className="grid grid-cols-2 gap-x-4 gap-y-8 sm:grid-cols-3 lg:grid-cols-4">
        {items.map((model) => (
          <li key={model.id}>
            <ModelCard model={model} />
          </li>
        ))}
      </ul>
      {models.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={models.isFetchingNextPage}
          onClick={() => void models.fetchNextPage()}
        >
          {t('showMore')}
        </Button>
      )}
    </div>
  );
}
