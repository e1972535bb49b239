'use client';

import { Button, Notice, Section } from '@pixgen/ui';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Ago } from '@/jobs/time';
import { failureWords } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

/** Jobs that ended badly and were not retried since; running one again is on its owner's budget. */
export function DeadLetters() {
  const t = useTranslations('admin');
  const jobWords = useTranslations('jobs');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const list = useInfiniteQuery(
    trpc.admin.deadLetters.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
  );
  const [refused, setRefused] = useState<Record<string, string>>({});
  const retry = useMutation(
    trpc.admin.deadLetters.retry.mutationOptions({
      onSuccess: ({ items }) => {
        setRefused(
          Object.fromEntries(items.flatMap((one) => (one.outcome === 'refused' ? [[one.id, one.message]] : []))),
        );
        void queryClient.invalidateQueries(trpc.admin.pathFilter());
      },
    }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title={t('jobsThatEndedBadly')} aside={items.length > 0 ? t('retriesArePaidByTheir') : undefined}>
      {retry.error && <Notice tone="danger">{failureOf(retry.error).message}</Notice>}
      {items.length === 0 ? (
        <p className="text-ink-2 text-sm">{t('noneEveryFailedJobWas')}</p>
      ) : (
        <ul
          aria-label={t('jobsThatEndedBadly')}
          className="grid divide-y divide-line overflow-hidden rounded-card border border-line bg-surface"
        >
          {items.map((job) => (
            <li key={job.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 text-sm">
              <span className="min-w-0 flex-1 basis-64">
                <span className="font-medium">{job.kind === 'train' ? t('training') : t('pictures')}</span>{' '}
                <span className="text-ink-2">
                  {job.failure && failureWords(jobWords, job.failure).message}{' '}
                  <span className="font-mono text-xs">{job.failure?.code}</span>
                </span>
                <span className="block break-all font-mono text-ink-2 text-xs">{job.id}</span>
                {refused[job.id] && <span className="block font-medium text-danger">{refused[job.id]}</span>}
              </span>
              <span className="text-ink-2">
                <Ago at={job.createdAt} />
              </span>
              <Button
                size="sm"
                busy={retry.isPending && retry.variables?.ids.includes(job.id)}
                onClick={() => retry.mutate({ ids: [job.id] })}
              >
                {t('retry')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {t('showOlder')}
        </Button>
      )}
    </Section>
  );
}
