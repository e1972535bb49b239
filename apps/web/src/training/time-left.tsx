'use client';

import type { JobView } from '@pixgen/domain';
import { useTranslations } from 'next-intl';
import { useLiveStatus } from '@/jobs/live';
import { useNow } from '@/jobs/time';
import { useOutlook } from '@/jobs/use-outlook';
import { formatSpan } from '@/jobs/words';

/** How long it will still take: a span, what it is told from, or that nobody can tell. */
export function TimeLeft({ job }: { job: JobView }) {
  const t = useTranslations('training');
  const jobWords = useTranslations('jobs');
  const outlook = useOutlook(job);
  const now = useNow(1_000);
  const down = useLiveStatus() === 'down';
  if (!outlook || now === null) return <p className="min-h-5 text-ink-2 text-sm" />;
  const { timeLeft, basedOn } = outlook;
  // Between two answers the clock goes on.
  const since = Math.max(0, now - outlook.at);
  return (
    <p className="min-h-5 text-ink-2 text-sm">
      {timeLeft
        ? t.rich('left', {
            b: (words) => <span className="font-medium text-ink">{words}</span>,
            span: formatSpan(jobWords, timeLeft.p50Ms - since, timeLeft.p90Ms - since),
            basedOn,
          })
        : t('nobodyKnows', { basedOn })}
      {down && t('theLiveConnectionIsDown')}
    </p>
  );
}
