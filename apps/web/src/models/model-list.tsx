'use client';

import { Button } from '@pixgen/ui';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { OlderLink } from '@/shell/older-link';
import { useTRPC } from '@/trpc/client';
import { fetchMore } from '@/trpc/fetch-more';
import { ModelCard } from './model-card';

export function ModelList({ before }: { before: string | null }) {
  const t = useTranslations('models');
  const trpc = useTRPC();
  const models = useInfiniteQuery(
    trpc.models.list.infiniteQueryOptions({}, { initialCursor: before, getNextPageParam: (page) => page.nextCursor }),
  );
  const next = models.data?.pages.at(-1)?.nextCursor;
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
      {next && <OlderLink href={`/models?before=${next}`}>{t('showMore')}</OlderLink>}
      {models.hasNextPage && (
        <Button
          className="noscript:hidden justify-self-center"
          busy={models.isFetchingNextPage}
          onClick={() => void fetchMore(models)}
        >
          {t('showMore')}
        </Button>
      )}
    </div>
  );
}
