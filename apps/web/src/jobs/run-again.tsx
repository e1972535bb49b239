'use client';

import { Button, Notice } from '@pixgen/ui';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { useIntentKey } from './intent-key';
import type { Replay } from './replay';
import { formatPrice } from './words';

/** Orders once more what a job that succeeded did, as it was, for the price that stands on the button. */
export function RunAgain({ jobId, replay, priceMicroUsd }: { jobId: string; replay: Replay; priceMicroUsd: number }) {
  const t = useTranslations('jobs');
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const intent = useIntentKey(`replay:${jobId}`);
  const onSuccess = (next: { job: { id: string } }) => {
    intent.settle();
    void queryClient.invalidateQueries(trpc.jobs.pathFilter());
    void queryClient.invalidateQueries(trpc.models.pathFilter());
    router.push(`/activity/${next.job.id}`);
  };
  const train = useMutation(trpc.training.start.mutationOptions({ onSuccess }));
  const draw = useMutation(trpc.generation.start.mutationOptions({ onSuccess }));
  const run = useMutation(trpc.packs.run.mutationOptions({ onSuccess }));
  const error = train.error ?? draw.error ?? run.error;
  function order() {
    const idempotencyKey = intent.keyFor(replay);
    if (replay.kind === 'train') train.mutate({ ...replay.input, idempotencyKey });
    else if (replay.kind === 'pack') run.mutate({ ...replay.input, idempotencyKey });
    else draw.mutate({ ...replay.input, idempotencyKey });
  }
  return (
    <div className="flex flex-wrap items-center gap-4">
      <Button busy={train.isPending || draw.isPending || run.isPending} onClick={order}>
        {t('runAgainAsItWas', { price: formatPrice(t, priceMicroUsd) })}
      </Button>
      {error && (
        <Notice tone="danger" className="basis-full">
          {failureOf(error).message}
        </Notice>
      )}
    </div>
  );
}
