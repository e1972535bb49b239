'use client';

import { useQuery } from '@tanstack/react-query';
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
  const outlook = useOutlook(trainingId, true);
  const now = useNow(1_000);
  const down = useLiveStatus() === 'down';
  if (!outlook || now === null) return <p className="min-h-5 text-ink-2 text-sm" />;
  const { timeLeft, basedOn } = outlook;
  // Between two answers the clock goes on.
  const since = Math.max(0, now - outlook.at);
  return (
    <p className="min-h-5 text-ink-2 text-sm">
      {timeLeft ? (
        <>
          <span className="font-medium text-ink">{formatSpan(timeLeft.p50Ms - since, timeLeft.p90Ms - since)}</span>, as
          half and nine tenths of the last {basedOn} trainings with this preset took
        </>
      ) : (
        `Nobody can tell yet how long this takes: ${basedOn === 0 ? 'no training' : `only ${basedOn}`} with this preset went before it.`
      )}
      {down && ' · The live connection is down; this page asks every few seconds instead.'}
    </p>
  );
}
