'use client';

import { Button, EmptyState, Notice } from '@pixgen/ui';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Undo2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Ago } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { fetchMore } from '@/trpc/fetch-more';

/** Models that were deleted within 30 days, each with its way back. */
export function DeletedModels() {
  const t = useTranslations('models');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const models = useInfiniteQuery(
    trpc.models.list.infiniteQueryOptions({ deleted: true }, { getNextPageParam: (page) => page.nextCursor }),
  );
  const restore = useMutation(
    trpc.models.restore.mutationOptions({ onSuccess: () => queryClient.invalidateQueries(trpc.models.pathFilter()) }),
  );
  const items = models.data?.pages.flatMap((page) => page.items) ?? [];
  if (models.data && items.length === 0)
    return <EmptyState title={t('nothingDeleted')}>{t('deletedModelsStandHere')}</EmptyState>;
  return (
    <div className="grid gap-4">
      {restore.error && <Notice tone="danger">{failureOf(restore.error).message}</Notice>}
      <ul
        aria-label={t('deletedModels')}
        className="grid divide-y divide-line overflow-hidden rounded-card border border-line bg-surface empty:hidden"
      >
        {items.map((model) => (
          <li key={model.id} className="flex items-center gap-4 px-4 py-3">
            <span className="grid min-w-0 flex-1">
              <span className="truncate font-medium">{model.name}</span>
              <span className="text-ink-2 text-sm">
                {model.classWord} · <Ago at={model.deletedAt ?? model.updatedAt} />
              </span>
            </span>
            <Button
              size="sm"
              busy={restore.isPending && restore.variables.id === model.id}
              onClick={() => restore.mutate({ id: model.id })}
            >
              <Undo2 aria-hidden="true" /> {t('undo')}
            </Button>
          </li>
        ))}
      </ul>
      {models.hasNextPage && (
        <Button className="justify-self-center" busy={models.isFetchingNextPage} onClick={() => void fetchMore(models)}>
          {t('showMore')}
        </Button>
      )}
    </div>
  );
}
