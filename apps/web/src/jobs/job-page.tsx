'use client';

import type { JobDetailView } from '@pixgen/domain';
import { Badge, Button, Card, cn, Facts, LinkButton, PageHeader, Section } from '@pixgen/ui';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { FailureNotice } from './failure-notice';
import { useIntentKey } from './intent-key';
import { JobBar } from './job-bar';
import { usePollMs } from './live';
import { isOver, mayRetry } from './rules';
import { Moment } from './time';
import { formatCost, formatDuration, STATE_WORDS, sayEvent } from './words';

/** The trace of one job: what happened when, each attempt, its cost. */
export function JobPage({ id, modelId, editPath }: { id: string; modelId: string | null; editPath: string | null }) {
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
          <>
            {editPath && isOver(job) && !job.failure && (
              <LinkButton as={Link} href={editPath}>
                Edit and run again
              </LinkButton>
            )}
            {target && (
              <LinkButton as={Link} href={target} variant="primary">
                {job.kind === 'train' ? 'Open the model' : 'Open the pictures'}
              </LinkButton>
            )}
          </>
        }
      />
      <div className="grid gap-10">
        {!isOver(job) && (
          <Card>
            <JobBar job={job} name={name} />
          </Card>
        )}
        <FailureNotice job={job} action={mayRetry(job) && <Again job={job} editPath={editPath} />} />
        <div className="grid gap-10 lg:grid-cols-[minmax(0,1fr)_20rem]">
          <div className="grid content-start gap-10">
            <Section title="What happened">
              <Trace job={job} />
            </Section>
            <Section title="Attempts">
              <Attempts job={job} />
            </Section>
          </div>
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
                  // The name that every line of the servers' logs about this job carries.
                  [
                    'Trace',
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
              {sayEvent(event)}
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

/** The same once more, or with changes. */
function Again({ job, editPath }: { job: JobDetailView; editPath: string | null }) {
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const intent = useIntentKey(`retry-job:${job.id}`);
  const onSuccess = (next: { job: { id: string } }) => {
    intent.settle();
    void queryClient.invalidateQueries(trpc.jobs.pathFilter());
    router.push(`/activity/${next.job.id}`);
  };
  const draw = useMutation(trpc.generation.retry.mutationOptions({ onSuccess }));
  const train = useMutation(trpc.training.retry.mutationOptions({ onSuccess }));
  const retry = job.kind === 'train' ? train : draw;
  return (
    <>
      <Button
        size="sm"
        busy={retry.isPending}
        onClick={() => retry.mutate({ id: job.orderId, idempotencyKey: intent.keyFor(job.id) })}
      >
        Retry
      </Button>
      {editPath && (
        <LinkButton as={Link} size="sm" href={editPath}>
          Edit and retry
        </LinkButton>
      )}
      {retry.error && (
        <p role="alert" className="basis-full font-medium text-danger text-sm">
          {failureOf(retry.error).message}
        </p>
      )}
    </>
  );
}

/** What became of each try, and how long it took to be taken by a GPU. */
function Attempts({ job }: { job: JobDetailView }) {
  if (job.attempts.length === 0) return <p className="text-ink-2 text-sm">None yet: the job waits for a GPU.</p>;
  return (
    <ol aria-label="Attempts" className="grid divide-y divide-line rounded-card border border-line bg-surface text-sm">
      {job.attempts.map((attempt) => (
        <li key={attempt.attempt} className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-3">
          <span className="font-medium">Attempt {attempt.attempt}</span>
          <span className="text-ink-2">
            {attempt.claimedAt
              ? `taken by a GPU after ${formatDuration(attempt.startedAt, attempt.claimedAt)}`
              : 'not taken by a GPU'}
            {attempt.claims > 1 && `, ${attempt.claims} times`}
          </span>
          {attempt.cause && <span className="font-mono text-ink-2 text-xs">{attempt.cause}</span>}
          <span className="ml-auto text-ink-2 tabular-nums">
            {attempt.endedAt ? formatDuration(attempt.startedAt, attempt.endedAt) : 'at work'}
          </span>
        </li>
      ))}
    </ol>
  );
}
