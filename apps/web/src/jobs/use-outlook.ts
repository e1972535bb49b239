'use client';

import type { JobOutlook, JobView } from '@pixgen/domain';
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '@/trpc/client';
import { isOver } from './rules';

const ASK_MS = 10_000;

/** The newest outlook of a job that is not over, and when it was told; null before it is known. */
export function useOutlook(
  job: Pick<JobView, 'kind' | 'orderId' | 'state'> | undefined,
): (JobOutlook & { at: number }) | null {
  const trpc = useTRPC();
  const working = job !== undefined && !isOver(job);
  const input = { id: job?.orderId ?? '' };
  const often = { refetchInterval: ASK_MS };
  const train = useQuery({
    ...trpc.training.outlook.queryOptions(input),
    ...often,
    enabled: working && job.kind === 'train',
  });
  const draw = useQuery({
    ...trpc.generation.outlook.queryOptions(input),
    ...often,
    enabled: working && job.kind === 'generate',
  });
  const { data, dataUpdatedAt } = job?.kind === 'train' ? train : draw;
  return working && data ? { ...data, at: dataUpdatedAt } : null;
}
