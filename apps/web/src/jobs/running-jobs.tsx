'use client';

import type { NamedJobView } from '@pixgen/domain';
import { Card, Section } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { Aperture, ChevronRight, Sparkles } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';
import { JobBar } from './job-bar';
import { usePollMs } from './live';
import { jobTitle } from './words';

/** What works right now; nothing when nothing does. */
export function RunningJobs() {
  const t = useTranslations('jobs');
  const trpc = useTRPC();
  const pollMs = usePollMs(true);
  const jobs = useQuery({ ...trpc.jobs.list.queryOptions({ live: true, limit: 10 }), refetchInterval: pollMs });
  const items = jobs.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Section title={t('runningNow')}>
      <ul className="grid gap-3 md:grid-cols-2">
        {items.map((job) => (
          <li key={job.id}>
            <RunningJob job={job} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function RunningJob({ job }: { job: NamedJobView }) {
  const t = useTranslations('jobs');
  const training = job.kind === 'train';
  const Icon = training ? Aperture : Sparkles;
  const name = jobTitle(t, job);
  return (
    <Link
      href={training ? `/models/${job.modelId}` : `/generations/${job.orderId}`}
      className="group block rounded-card"
    >
      <Card className="grid gap-4 p-4 transition-shadow group-hover:shadow-lift sm:p-5">
        <div className="flex min-w-0 items-center gap-3">
          <span className="grid size-9 shrink-0 place-items-center rounded-full bg-accent-soft text-accent">
            <Icon aria-hidden="true" className="size-[1.1rem]" />
          </span>
          <span className="truncate font-medium">{name}</span>
          <ChevronRight aria-hidden="true" className="ml-auto size-4 shrink-0 text-ink-2" />
        </div>
        <JobBar job={job} name={name} />
      </Card>
    </Link>
  );
}
