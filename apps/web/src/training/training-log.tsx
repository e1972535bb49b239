'use client';

import type { JobView } from '@pixgen/domain';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { usePollMs } from '@/jobs/live';
import { isOver } from '@/jobs/rules';
import { useNow } from '@/jobs/time';
import { sayEvent } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';

/** What happened so far, line by line, newest last. It comes from the job's history, so it is the same after a reload. */
export function TrainingLog({ job }: { job: JobView }) {
  const trpc = useTRPC();
  const poll = usePollMs(!isOver(job));
  const events = useQuery({ ...trpc.jobs.get.queryOptions({ id: job.id }), refetchInterval: poll }).data?.events ?? [];
  const now = useNow(3_600_000);
  return (
    <details className="group text-sm">
      <summary className="text-ink-2">Log · {events.length} lines</summary>
      <ol
        aria-label="Log"
        className="mt-3 grid max-h-72 gap-1 overflow-y-auto rounded-control bg-sunken p-3 font-mono text-xs"
      >
        {events.map((event) => (
          <li key={event.number} className="flex flex-wrap gap-x-3">
            <time dateTime={event.at} className="text-ink-2">
              {now === null ? event.at.slice(11, 19) : new Date(event.at).toLocaleTimeString('en-GB')}
            </time>
            <span>
              {sayEvent(event)}
              {event.step !== null && ` · step ${event.step}`}
              {event.attempt > 1 && ` · attempt ${event.attempt}`}
              {event.code && <span className="text-danger"> · {event.code}</span>}
            </span>
          </li>
        ))}
      </ol>
      <p className="mt-2">
        <Link href={`/activity/${job.id}`} className="text-accent underline-offset-4 hover:underline">
          All about this job
        </Link>
      </p>
    </details>
  );
}
