'use client';

import { LinkButton, Notice } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { Moment } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';

const POLL_MS = 60_000;

/** How many reports wait, and whether one waits too long. Nothing where none does. */
export function ReportClock() {
  const trpc = useTRPC();
  const { data: clock } = useQuery({ ...trpc.admin.reports.clock.queryOptions(), refetchInterval: POLL_MS });
  if (!clock || clock.open === 0) return null;
  const { open, overdue, nextDueAt } = clock;
  return (
    <Notice
      tone={overdue > 0 ? 'danger' : 'warn'}
      title={`${open} ${open === 1 ? 'report waits' : 'reports wait'}${overdue > 0 ? `, ${overdue} longer than 48 hours` : ''}`}
      action={
        <LinkButton as={Link} href="/admin/reports" size="sm">
          Decide
        </LinkButton>
      }
    >
      {nextDueAt && (
        <>
          The first {overdue > 0 ? 'was' : 'is'} due <Moment at={nextDueAt} />.
        </>
      )}
    </Notice>
  );
}
