'use client';

import type { JobView } from '@pixgen/domain';
import { Badge, Button, Notice } from '@pixgen/ui';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Aperture, ChevronRight, Sparkles } from 'lucide-react';
import Link from 'next/link';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { useJobProgress } from './live';
import { Ago } from './time';
import { formatCost, formatDuration, jobNow, STATE_WORDS } from './words';

/** Every job of the account, newest first. */
export function ActivityList() {
  const trpc = useTRPC();
  const jobs = useInfiniteQuery(
    trpc.jobs.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
  );
  const items = jobs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="grid gap-6">
      {jobs.error && <Notice tone="danger">{failureOf(jobs.error).message}</Notice>}
      <ul
        aria-label="Jobs"
        className="grid divide-y divide-line overflow-hidden rounded-card border border-line bg-surface"
      >
        {items.map((job) => (
          <li key={job.id}>
            <JobRow job={job} />
          </li>
        ))}
      </ul>
      {jobs.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={jobs.isFetchingNextPage}
          onClick={() => void jobs.fetchNextPage()}
        >
          Show older
        </Button>
      )}
    </div>
  );
}

function JobRow({ job }: { job: JobView }) {
  const now = jobNow(job, useJobProgress(job.id));
  const state = STATE_WORDS[job.state];
  const Icon = job.kind === 'train' ? Aperture : Sparkles;
  const detail = job.failure?.message ?? [now.label, now.detail].filter(Boolean).join(', ');
  return (
    <Link
      href={`/activity/${job.id}`}
      className="flex items-center gap-4 px-4 py-3.5 -outline-offset-2 transition-colors hover:bg-sunken sm:px-5"
    >
      <span className="grid size-9 shrink-0 place-items-center rounded-full bg-sunken text-ink-2 dark:bg-line dark:text-ink">
        <Icon aria-hidden="true" className="size-[1.1rem]" />
      </span>
      <span className="grid min-w-0 flex-1">
        <span className="font-medium">{job.kind === 'train' ? 'Training' : 'Pictures'}</span>
        <span className="truncate text-ink-2 text-sm">
          {job.state === 'succeeded' && job.startedAt && job.endedAt
            ? `${formatDuration(job.startedAt, job.endedAt)}, ${formatCost(job.costMicroUsd)}`
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
