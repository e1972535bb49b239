'use client';

import { Button, Notice } from '@pixgen/ui';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { FolderOpen, Undo2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Ago } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

/** Collections that were deleted within 30 days, each with its way back; nothing when there are none. */
export function DeletedCollections() {
  const t = useTranslations('gallery');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const items = useQuery(trpc.collections.deleted.queryOptions()).data?.items ?? [];
  const restore = useMutation(
    trpc.collections.restore.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.collections.pathFilter()),
    }),
  );
  if (items.length === 0) return null;
  return (
    <section className="grid gap-2">
      <h2 className="font-semibold text-lg tracking-[-0.01em]">{t('deletedCollections')}</h2>
      {restore.error && <Notice tone="danger">{failureOf(restore.error).message}</Notice>}
      <ul
        aria-label={t('deletedCollections')}
        className="grid divide-y divide-line rounded-card border border-line bg-surface text-sm"
      >
        {items.map(({ id, name, deletedAt }) => (
          <li key={id} className="flex items-center gap-3 px-4 py-2">
            <FolderOpen aria-hidden="true" className="size-4 text-ink-2" />
            <span className="min-w-0 flex-1 truncate">{name}</span>
            <span className="text-ink-2 max-sm:hidden">
              <Ago at={deletedAt} />
            </span>
            <Button
              size="sm"
              busy={restore.isPending && restore.variables.id === id}
              onClick={() => restore.mutate({ id })}
            >
              <Undo2 aria-hidden="true" /> {t('restore')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
