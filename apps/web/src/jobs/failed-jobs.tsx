'use client';

import { LinkButton, Section } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';
import { ChangeTraining } from './change-training';
import { FAILED_JOBS } from './failed-jobs-query';
import { FailureNotice } from './failure-notice';
import { RetryJob } from './retry-job';
import { mayRetry } from './rules';
import { Ago } from './time';
import { jobTitle } from './words';

/** What ended badly and was not tried again: why, what it cost, and the way on. Nothing when nothing did. */
export function FailedJobs() {
  const t = useTranslations('jobs');
  const trpc = useTRPC();
  const items = useQuery(trpc.jobs.list.queryOptions(FAILED_JOBS)).data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Section title={t('endedBadly')}>
      <ul className="grid gap-3">
        {items.map((job) => (
          <li key={job.id} className="grid gap-1.5">
            <p className="text-ink-2 text-sm">
              {jobTitle(t, job)}, <Ago at={job.endedAt ?? job.createdAt} />
            </p>
            <FailureNotice
              job={job}
              action={
                <>
                  {mayRetry(job) && <RetryJob job={job} editPath={null} />}
                  {job.kind === 'train' && <ChangeTraining modelId={job.modelId} />}
                  <LinkButton as={Link} size="sm" variant="ghost" href={`/activity/${job.id}`}>
                    {t('allAboutTheJob')}
                  </LinkButton>
                </>
              }
            />
          </li>
        ))}
      </ul>
    </Section>
  );
}
