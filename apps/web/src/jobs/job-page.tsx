'use client';

import type { JobDetailView, JobEventView } from '@pixgen/domain';
import { Badge, Card, cn, Facts, LinkButton, PageHeader, Section } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTRPC } from '@/trpc/client';
import { FailureNotice } from './failure-notice';
import { JobBar } from './job-bar';
import { usePollMs } from './live';
import { isOver } from './rules';
import { Moment } from './time';
import { formatCost, formatDuration, STATE_WORDS } from './words';

/** The trace of one job: what happened when, each attempt, its cost. */
export function JobPage({ id, modelId }: { id: string; modelId: string | null }) {
  const trpc = useTRPC();
  const options = trpc.jobs.get.queryOptions({ id });
  const live = useQuery(options).data;
  const job = useQuery({ ...options, refetchInterval: usePollMs(live !== undefined && !isOver(live)) }).data;
  if (!job) return null;
  const state = STATE_WORDS[job.state];
  const name = job.kind === 'train' ? 'Training' : 'Pictures';
  const target = job.kind === 'generate' ? `/generations/${job.orderId}` : modelId && `/models/${modelId}`;
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
          target && (
            <LinkButton as={Link} href={target}>
              {job.kind === 'train' ? 'Open the model' : 'Open the pictures'}
            </LinkButton>
          )
        }
      />
      <div className="grid gap-10">
        {!isOver(job) && (
          <Card>
            <JobBar job={job} name={name} />
          </Card>
        )}
        <FailureNotice job={job} />
        <div className="grid gap-10 lg:grid-cols-[minmax(0,1fr)_20rem]">
          <Section title="What happened">
            <Trace job={job} />
          </Section>
          <Section title="Facts">
            <Card>
              <Facts
                items={[
                  ['Accepted', <Moment key="a" at={job.createdAt} />],
                  ...(job.startedAt ? [['Started', <Moment key="s" at={job.startedAt} />] as const] : []),
                  ...(job.endedAt ? [['Ended', <Moment key="e" at={job.endedAt} />] as const] : []),
                  ...(job.startedAt && job.endedAt
                    ? [['Took', formatDuration(job.startedAt, job.endedAt)] as const]
                    : []),
                  ['Attempts', `${job.attempt} of ${job.maxAttempts}`],
                  ['Cost', formatCost(job.costMicroUsd)],
                  [
                    'Job',
                    <span key="id" className="break-all font-mono text-xs">
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

export const EVENT_WORDS: Record<JobEventView['type'], string> = {
  queued: 'Queued',
  dispatching: 'Handed to a GPU',
  running: 'The GPU started',
  image: 'Picture finished',
  checkpoint: 'Checkpoint saved',
  weights: 'LoRA of a checkpoint kept',
  sample: 'Sample drawn',
  'attempt-ended': 'Attempt ended',
  succeeded: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
  expired: 'Timed out',
};

function Trace({ job }: { job: JobDetailView }) {
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
              {EVENT_WORDS[event.type]}
              {event.step !== null && <span className="text-ink-2"> at step {event.step}</span>}
              {event.attempt > 1 && <span className="text-ink-2"> (attempt {event.attempt})</span>}
              {event.code && <span className="ml-2 font-mono text-ink-2 text-xs">{event.code}</span>}
            </span>
            <span className="text-ink-2 tabular-nums">
              {index === 0 ? <Moment at={event.at} /> : `+${formatDuration(job.createdAt, event.at)}`}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
