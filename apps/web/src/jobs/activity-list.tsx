'use client';

import type { NamedJobView } from '@pixgen/domain';
import { Badge, Button, EmptyState, Notice, Select } from '@pixgen/ui';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Aperture, ChevronRight, Sparkles } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { OlderLink } from '@/shell/older-link';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { fetchMore } from '@/trpc/fetch-more';
import {
  ACTIVITY_STATES,
  type ActivityFilters,
  activityInput,
  readActivityFilters,
  writeActivityFilters,
} from './activity-filters';
import { useJobProgress, usePollMs } from './live';
import { Ago } from './time';
import { failureWords, formatCost, formatDuration, jobNow, jobTitle, stateWords } from './words';

/** Jobs of the account, newest first, by kind and state; the filters stand in the address. */
export function ActivityList({ filters, before }: { filters: ActivityFilters; before: string | null }) {
  const t = useTranslations('jobs');
  const trpc = useTRPC();
  const router = useRouter();
  const pollMs = usePollMs(true);
  const jobs = useInfiniteQuery({
    ...trpc.jobs.list.infiniteQueryOptions(activityInput(filters), {
      initialCursor: before,
      getNextPageParam: (page) => page.nextCursor,
    }),
    // Live events refresh the list; without them it asks by itself.
    refetchInterval: pollMs,
  });
  const show = (change: Partial<ActivityFilters>) =>
    router.replace(writeActivityFilters({ ...filters, ...change }), { scroll: false });
  const next = jobs.data?.pages.at(-1)?.nextCursor;
  const items = jobs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="grid gap-6">
      <div className="flex flex-wrap gap-3">
        <Select
          aria-label={t('kindOfJob')}
          value={filters.kind ?? ''}
          onChange={({ target }) => show({ kind: readActivityFilters({ kind: target.value }).kind })}
          className="min-w-40"
        >
          <option value="">{t('allKinds')}</option>
          <option value="train">{t('trainings')}</option>
          <option value="generate">{t('pictures')}</option>
        </Select>
        <Select
          aria-label={t('state')}
          value={filters.state ?? ''}
          onChange={({ target }) => show({ state: readActivityFilters({ state: target.value }).state })}
          className="min-w-40"
        >
          <option value="">{t('inAnyState')}</option>
          {ACTIVITY_STATES.map((state) => (
            <option key={state} value={state}>
              {t(`states.${state}`)}
            </option>
          ))}
        </Select>
      </div>
      {jobs.error && <Notice tone="danger">{failureOf(jobs.error).message}</Notice>}
      {jobs.data && items.length === 0 && (
        <EmptyState
          title={t('noJobMatches')}
          action={<Button onClick={() => show({ kind: null, state: null })}>{t('showAllJobs')}</Button>}
        >
          {t('thereAreJobsButNone')}
        </EmptyState>
      )}
      <ul
        aria-label={t('jobs')}
        className="empty:hidden grid divide-y divide-line overflow-hidden rounded-card border border-line bg-surface"
      >
        {items.map((job) => (
          <li key={job.id}>
            <JobRow job={job} />
          </li>
        ))}
      </ul>
      {next && <OlderLink href={writeActivityFilters(filters, next)}>{t('showOlder')}</OlderLink>}
      {jobs.hasNextPage && (
        <Button
          className="noscript:hidden justify-self-center"
          busy={jobs.isFetchingNextPage}
          onClick={() => void fetchMore(jobs)}
        >
          {t('showOlder')}
        </Button>
      )}
    </div>
  );
}

function JobRow({ job }: { job: NamedJobView }) {
  const t = useTranslations('jobs');
  const now = jobNow(t, job, useJobProgress(job.id));
  const state = stateWords(t, job.state);
  const Icon = job.kind === 'train' ? Aperture : Sparkles;
  const detail = job.failure
    ? failureWords(t, job.failure).message
    : [now.label, now.detail].filter(Boolean).join(', ');
  return (
    <Link
      href={`/activity/${job.id}`}
      className="flex items-center gap-4 px-4 py-3.5 -outline-offset-2 transition-colors hover:bg-sunken sm:px-5"
    >
      <span className="grid size-9 shrink-0 place-items-center rounded-full bg-sunken text-ink-2 dark:bg-line dark:text-ink">
        <Icon aria-hidden="true" className="size-[1.1rem]" />
      </span>
      <span className="grid min-w-0 flex-1">
        <span className="truncate font-medium">{jobTitle(t, job)}</span>
        <span className="line-clamp-2 text-ink-2 text-sm">
          {job.state === 'succeeded' && job.startedAt && job.endedAt
            ? `${formatDuration(t, job.startedAt, job.endedAt)}, ${formatCost(t, job.costMicroUsd)}`
            : detail}
        </span>
      </span>
      <span className="text-ink-2 text-sm max-sm:hidden">
        <Ago at={job.createdAt} />
      </span>
      <Badge tone={state.tone}>{state.label}</Badge>
      <ChevronRight aria-hidden="true" className="size-4 shrink-0 text-ink-2 max-sm:hidden" />
    </Link>
  );
}
