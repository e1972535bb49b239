'use client';

import type { JobView } from '@pixgen/domain';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useLocale, useTranslations } from 'next-intl';
import { usePollMs } from '@/jobs/live';
import { isOver } from '@/jobs/rules';
import { useNow } from '@/jobs/time';
import { sayEvent } from '@/jobs/words';
import { formatTime } from '@/language/dates';
import { useTRPC } from '@/trpc/client';

/** What happened so far, line by line, newest last. It comes from the job's history, so it is the same after a reload. */
export default function TrainingLog({ job }: { job: JobView }) {
  const t = useTranslations('training');
  const jobWords = useTranslations('jobs');
  const locale = useLocale();
  const trpc = useTRPC();
  const poll = usePollMs(!isOver(job));
  const events = useQuery({ ...trpc.jobs.get.queryOptions({ id: job.id }), refetchInterval: poll }).data?.events ?? [];
  const now = useNow(3_600_000);
  return (
    <details className="group text-sm">
      <summary className="text-ink-2">{t('logLines', { count: events.length })}</summary>
      <ol
        aria-label={t('log')}
        className="mt-3 grid max-h-72 gap-1 overflow-y-auto rounded-control bg-sunken p-3 font-mono text-xs"
      >
        {events.map((event) => (
          <li key={event.number} className="flex flex-wrap gap-x-3">
            <time dateTime={event.at} className="text-ink-2">
              {now === null ? event.at.slice(11, 19) : formatTime(locale, event.at)}
            </time>
            <span>
              {sayEvent(jobWords, event)}
              {event.step !== null && t('step3', { step: event.step })}
              {event.attempt > 1 && t('attempt', { attempt: event.attempt })}
              {event.code && <span className="text-danger"> · {event.code}</span>}
            </span>
          </li>
        ))}
      </ol>
      <p className="mt-2">
        <Link href={`/activity/${job.id}`} className="text-accent underline-offset-4 hover:underline">
          {t('allAboutThisJob')}
        </Link>
      </p>
    </details>
  );
}
