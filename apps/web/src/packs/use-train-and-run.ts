'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useIntentKey } from '@/jobs/intent-key';
import { useTRPC } from '@/trpc/client';

/** Orders a training and the pack behind it in one call; the model's page shows both. */
export function useTrainAndRun(slug: string) {
  const router = useRouter();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const intent = useIntentKey(`train-and-run:${slug}`);
  const start = useMutation(
    trpc.training.start.mutationOptions({
      onSuccess: async (training) => {
        intent.settle();
        await queryClient.invalidateQueries(trpc.models.pathFilter());
        void queryClient.invalidateQueries(trpc.jobs.pathFilter());
        router.push(`/models/${training.modelId}`);
      },
    }),
  );
  function order(modelId: string, n: number): void {
    const input = { modelId, preset: 'balanced', pack: { slug, n } } as const;
    start.mutate({ ...input, idempotencyKey: intent.keyFor(input) });
  }
  return { order, busy: start.isPending || start.isSuccess, error: start.error };
}
