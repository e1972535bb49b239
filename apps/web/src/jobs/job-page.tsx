'use client';

import type { JobDetailView } from '@pixgen/domain';
import { Badge, Card, cn, Facts, LinkButton, PageHeader, Section } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';
import { FailureNotice } from './failure-notice';
import { JobBar } from './job-bar';
import { usePollMs } from './live';
import type { Replay } from './replay';
import { RetryJob } from './retry-job';
import { isOver, mayRetry } from './rules';
import { RunAgain } from './run-again';
import { Moment } from './time';
import { formatCost, formatDuration, jobTitle, sayEvent, stateWords } from './words';

type Props = {
  id: string;
  editPath: string | null;
  /** What ordering the same once more takes; null where that cannot be. */
  again: { replay: Replay; priceMicroUsd: number } | null;
};

/** The trace of one job: what happened when, each attempt, its cost. */
export function JobPage({ id, editPath, again }: Props) {
  const t = useTranslations('jobs');
  const trpc = useTRPC();
  const options = trpc.jobs.get.queryOptions({ id });
  const live = useQuery(options).data;
  const job = useQuery({ ...options, refetchInterval: usePollMs(live !== undefined && !isOver(live)) }).data;
  if (!job) return null;
  const state = stateWords(t, job.state);
  const name = jobTitle(t, job);
  const target = job.kind === 'generate' ? `/generations/${job.orderId}` : `/models/${job.modelId}`;
  return (
    <>
      <PageHeader
        title={name}
        above={
          <p>
            <Badge tone={state.tone}>{state.label}</Badge>
          </p>
        }
        actions={
          <>
            {editPath && isOver(job) && !job.failure && (
              <LinkButton as={Link} href={editPath}>
                {t('editAndRunAgain')}
              </LinkButton>
            )}
            <LinkButton as={Link} href={target} variant="primary">
              {job.kind === 'train' ? t('openTheModel') : t('openThePictures')}
            </LinkButton>
          </>
        }
      />
      <div className="grid gap-10">
        {!isOver(job) && (
          <Card>
            <JobBar job={job} name={name} />
          </Card>
        )}
        {again && job.state === 'succeeded' && <RunAgain jobId={job.id} {...again} />}
        <FailureNotice job={job} action={mayRetry(job) && <RetryJob job={job} editPath={editPath} />} />
        <div className="grid gap-10 lg:grid-cols-[minmax(0,1fr)_20rem]">
          <div className="grid content-start gap-10">
            <Section title={t('whatHappened')}>
              <Trace job={job} />
            </Section>
            <Section title={t('attempts')}>
              <Attempts job={job} />
            </Section>
          </div>
          <Section title={t('facts')}>
            <Card>
              <Facts
                items={[
                  [t('accepted'), <Moment key="a" at={job.createdAt} />],
                  ...(job.startedAt ? [[t('started'), <Moment key="s" at={job.startedAt} />] as const] : []),
                  ...(job.endedAt ? [[t('ended'), <Moment key="e" at={job.endedAt} />] as const] : []),
                  ...(job.startedAt && job.endedAt
                    ? [[t('took'), formatDuration(t, job.startedAt, job.endedAt)] as const]
                    : []),
                  [t('attempts'), t('of', { attempt: job.attempt, maxAttempts: job.maxAttempts })],
                  [t('cost'), formatCost(t, job.costMicroUsd)],
                  // The name that every line of the servers' logs about this job carries.
                  [
                    t('trace'),
                    <span key="id" className="select-all break-all font-mono text-xs">
                      {job.id}
                    </span>,
                  ],
                ]}
              />
            </Card>
          </Section>
        </div>
      </div>
    </>
  );
}

function Trace({ job }: { job: JobDetailView }) {
  const t = useTranslations('jobs');
  return (
    <ol className="grid">
      {job.events.map((event, index) => {
        const bad = event.code !== null || event.type === 'failed' || event.type === 'expired';
        return (
          <li
            key={event.number}
            className="relative grid grid-cols-[1.25rem_minmax(0,1fr)_auto] items-baseline gap-x-3 pb-5 text-sm"
          >
            {index < job.events.length - 1 && (
              <span aria-hidden="true" className="absolute top-4 bottom-0 left-[0.28rem] w-px bg-line" />
            )}
            <span
              aria-hidden="true"
              className={cn('size-[0.6rem] self-center rounded-full', bad ? 'bg-danger' : 'bg-accent')}
            />
            <span>
              {sayEvent(t, event)}
              {event.step !== null && <span className="text-ink-2"> {t('atStep', { step: event.step })}</span>}
              {event.attempt > 1 && <span className="text-ink-2"> {t('attempt', { attempt: event.attempt })}</span>}
              {event.code && <span className="ml-2 font-mono text-ink-2 text-xs">{event.code}</span>}
            </span>
            <span className="text-ink-2 tabular-nums">
              {index === 0 ? <Moment at={event.at} /> : `+${formatDuration(t, job.createdAt, event.at)}`}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** What became of each try, and how long it took to be taken by a GPU. */
function Attempts({ job }: { job: JobDetailView }) {
  const t = useTranslations('jobs');
  if (job.attempts.length === 0) return <p className="text-ink-2 text-sm">{t('noneYetTheJobWaits')}</p>;
  return (
    <ol
      aria-label={t('attempts')}
      className="grid divide-y divide-line rounded-card border border-line bg-surface text-sm"
    >
      {job.attempts.map((attempt) => (
        <li key={attempt.attempt} className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-3">
          <span className="font-medium">{t('attempt2', { attempt: attempt.attempt })}</span>
          <span className="text-ink-2">
            {attempt.claimedAt
              ? t('takenByAGpuAfter', { duration: formatDuration(t, attempt.startedAt, attempt.claimedAt) })
              : t('notTakenByAGpu')}
            {attempt.claims > 1 && t('times', { claims: attempt.claims })}
          </span>
          {attempt.cause && <span className="font-mono text-ink-2 text-xs">{attempt.cause}</span>}
          <span className="ml-auto text-ink-2 tabular-nums">
            {attempt.endedAt ? formatDuration(t, attempt.startedAt, attempt.endedAt) : t('atWork')}
          </span>
        </li>
      ))}
    </ol>
  );
}
