'use client';

import { LinkButton, Notice } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Moment } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';

const POLL_MS = 60_000;

/** How many reports wait, and whether one waits too long. Nothing where none does. */
export function ReportClock() {
  const t = useTranslations('moderation');
  const trpc = useTRPC();
  const { data: clock } = useQuery({ ...trpc.admin.reports.clock.queryOptions(), refetchInterval: POLL_MS });
  if (!clock || clock.open === 0) return null;
  const { open, overdue, nextDueAt } = clock;
  return (
    <Notice
      tone={overdue > 0 ? 'danger' : 'warn'}
      title={overdue > 0 ? t('reportsWaitSomeTooLong', { open, overdue }) : t('reportsWait', { open })}
      action={
        <LinkButton as={Link} href="/admin/reports" size="sm">
          {t('decide')}
        </LinkButton>
      }
    >
      {nextDueAt && t.rich(overdue > 0 ? 'theFirstWasDue' : 'theFirstIsDue', { at: () => <Moment at={nextDueAt} /> })}
    </Notice>
  );
}
