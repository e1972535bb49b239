'use client';

import type { TrainingPlan } from '@pixgen/domain';
import { Button, LinkButton, Notice } from '@pixgen/ui';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useIntentKey } from '@/jobs/intent-key';
import { formatPrice } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

/** The button that starts the training. Pressed twice or after a lost answer it is still one training. */
export function StartTraining(props: {
  modelId: string;
  plan: TrainingPlan;
  priceMicroUsd: number;
  blocked: string | null;
}) {
  const t = useTranslations('wizard');
  const jobWords = useTranslations('jobs');
  const router = useRouter();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const intent = useIntentKey(`train:${props.modelId}`);
  const start = useMutation(
    trpc.training.start.mutationOptions({
      onSuccess: async () => {
        intent.settle();
        await queryClient.invalidateQueries(trpc.models.pathFilter());
        void queryClient.invalidateQueries(trpc.jobs.pathFilter());
        router.push(`/models/${props.modelId}`);
      },
    }),
  );
  const input = { modelId: props.modelId, ...props.plan };
  return (
    <div className="grid gap-5">
      {start.error && (
        <Notice tone="danger" title={t('theTrainingDidNotStart')}>
          {failureOf(start.error).message}
        </Notice>
      )}
      <div className="flex flex-wrap items-center justify-between gap-4 border-line border-t pt-6">
        <LinkButton as={Link} href={`/train/${props.modelId}/settings`} variant="ghost">
          {t('back')}
        </LinkButton>
        <div className="flex flex-wrap items-center gap-4">
          {props.blocked && (
            <p id="why-not" className="text-ink-2 text-sm">
              {props.blocked}
            </p>
          )}
          <Button
            variant="primary"
            size="lg"
            busy={start.isPending || start.isSuccess}
            disabled={props.blocked !== null}
            aria-describedby={props.blocked ? 'why-not' : undefined}
            onClick={() => start.mutate({ ...input, idempotencyKey: intent.keyFor(input) })}
          >
            {t('startTraining', { price: formatPrice(jobWords, props.priceMicroUsd) })}
          </Button>
        </div>
      </div>
    </div>
  );
}
