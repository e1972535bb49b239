'use client';

import { LIMITS } from '@pixgen/domain';
import { Button, Notice, Section } from '@pixgen/ui';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Ago } from '@/jobs/time';
import { failureWords } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { fetchMore } from '@/trpc/fetch-more';

const MOST = LIMITS.deadLetterRetries.max;

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
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const retry = useMutation(
    trpc.admin.deadLetters.retry.mutationOptions({
      onSuccess: ({ items }) => {
        setRefused(
          Object.fromEntries(items.flatMap((one) => (one.outcome === 'refused' ? [[one.id, one.message]] : []))),
        );
        setChosen(new Set());
        void queryClient.invalidateQueries(trpc.admin.pathFilter());
      },
    }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const asked = items.flatMap(({ id }) => (chosen.has(id) ? [id] : []));
  const choose = (id: string, on: boolean) =>
    setChosen((old) => new Set(on ? [...old, id] : [...old].filter((one) => one !== id)));
  return (
    <Section title={t('jobsThatEndedBadly')} aside={items.length > 0 ? t('retriesArePaidByTheir') : undefined}>
      {retry.error && <Notice tone="danger">{failureOf(retry.error).message}</Notice>}
      {items.length > 1 && (
        <div className="flex flex-wrap items-center gap-3 text-sm">
          <label className="flex items-center gap-3">
            <input
              type="checkbox"
              className="size-[1.15rem] accent-accent"
              checked={asked.length === Math.min(items.length, MOST)}
              onChange={({ target }) =>
                setChosen(new Set(target.checked ? items.slice(0, MOST).map(({ id }) => id) : []))
              }
            />
            {t('chooseAllOfThese', { count: Math.min(items.length, MOST) })}
          </label>
          <Button
            size="sm"
            disabled={asked.length === 0 || asked.length > MOST}
            busy={retry.isPending && retry.variables.ids.length > 1}
            onClick={() => retry.mutate({ ids: asked })}
          >
            {t('retryChosen', { count: asked.length })}
          </Button>
        </div>
      )}
      {items.length === 0 ? (
        <p className="text-ink-2 text-sm">{t('noneEveryFailedJobWas')}</p>
      ) : (
        <ul
          aria-label={t('jobsThatEndedBadly')}
          className="grid divide-y divide-line overflow-hidden rounded-card border border-line bg-surface"
        >
          {items.map((job) => (
            <li key={job.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 text-sm">
              <input
                type="checkbox"
                aria-label={t('chooseTheJobOf', { name: job.ownerName, id: job.id })}
                className="size-[1.15rem] shrink-0 accent-accent"
                checked={chosen.has(job.id)}
                onChange={({ target }) => choose(job.id, target.checked)}
              />
              <span className="min-w-0 flex-1 basis-56">
                <span className="font-medium">{job.kind === 'train' ? t('training') : t('pictures')}</span>{' '}
                <span className="text-ink-2">
                  {t('of', { name: job.ownerName })} {job.failure && failureWords(jobWords, job.failure).message}{' '}
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
                busy={retry.isPending && retry.variables.ids.length === 1 && retry.variables.ids[0] === job.id}
                onClick={() => retry.mutate({ ids: [job.id] })}
              >
                {t('retry')}
              </Button>
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
