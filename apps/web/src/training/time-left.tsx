'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useLiveStatus } from '@/jobs/live';
import { useNow } from '@/jobs/time';
import { formatSpan } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';

const ASK_MS = 10_000;

/** The newest outlook of a training that is not over; null before it is known. */
export function useOutlook(trainingId: string, working: boolean) {
  const trpc = useTRPC();
  const options = trpc.training.outlook.queryOptions({ id: trainingId });
  const { data, dataUpdatedAt } = useQuery({ ...options, enabled: working, refetchInterval: ASK_MS });
  return working && data ? { ...data, at: dataUpdatedAt } : null;
}

/** How long it will still take: a span, what it is told from, or that nobody can tell. */
export function TimeLeft({ trainingId }: { trainingId: string }) {
  const t = useTranslations('training');
  const jobWords = useTranslations('jobs');
  const outlook = useOutlook(trainingId, true);
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
