'use client';

import { Badge, Button, Notice, Section } from '@pixgen/ui';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { Moment } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { fetchMore } from '@/trpc/fetch-more';

/** Strikes of everybody, newest first. Lifting one lets nobody in again by itself. */
export function Strikes() {
  const t = useTranslations('moderation');
  const reportWords = useTranslations('reports');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const list = useInfiniteQuery(
    trpc.admin.strikes.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
  );
  const lift = useMutation(
    trpc.admin.strikes.lift.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.admin.strikes.pathFilter()),
    }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title={t('strikes')} aside={t('aSuspendedPersonIsLetIn')}>
      {lift.error && <Notice tone="danger">{failureOf(lift.error).message}</Notice>}
      {items.length === 0 && !list.isPending && <p className="text-ink-2 text-sm">{t('none')}</p>}
      {items.length > 0 && (
        <ul
          aria-label={t('strikes')}
          className="grid divide-y divide-line overflow-hidden rounded-card border border-line bg-surface"
        >
          {items.map(({ id, person, reason, at, liftedAt }) => (
            <li key={id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 text-sm">
              <span className="min-w-0 flex-1 basis-64">
                <span className="font-medium">{person.displayName}</span>
                <span className="block text-ink-2">{reportWords(`strike.${reason}`)}</span>
              </span>
              {person.status === 'suspended' && <Badge tone="danger">{t('suspended')}</Badge>}
              <span className="text-ink-2 tabular-nums">
                <Moment at={at} />
              </span>
              {liftedAt ? (
                <Badge>{t('lifted')}</Badge>
              ) : (
                <Button
                  size="sm"
                  busy={lift.isPending && lift.variables?.id === id}
                  onClick={() => lift.mutate({ id })}
                >
                  {t('lift')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button className="justify-self-center" busy={list.isFetchingNextPage} onClick={() => void fetchMore(list)}>
          {t('showOlder')}
        </Button>
      )}
    </Section>
  );
}
