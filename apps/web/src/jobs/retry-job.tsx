'use client';

import type { JobView } from '@pixgen/domain';
import { Button, LinkButton } from '@pixgen/ui';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { useIntentKey } from './intent-key';

/** The same once more, or with changes. */
export function RetryJob({ job, editPath }: { job: JobView; editPath: string | null }) {
  const t = useTranslations('jobs');
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const intent = useIntentKey(`retry-job:${job.id}`);
  const onSuccess = (next: { job: { id: string } }) => {
    intent.settle();
    void queryClient.invalidateQueries(trpc.jobs.pathFilter());
    router.push(`/activity/${next.job.id}`);
  };
  const draw = useMutation(trpc.generation.retry.mutationOptions({ onSuccess }));
  const train = useMutation(trpc.training.retry.mutationOptions({ onSuccess }));
  const retry = job.kind === 'train' ? train : draw;
  return (
    <>
      <Button
        size="sm"
        busy={retry.isPending}
        onClick={() => retry.mutate({ id: job.orderId, idempotencyKey: intent.keyFor(job.id) })}
      >
        {t('retry')}
      </Button>
      {editPath && (
        <LinkButton as={Link} size="sm" href={editPath}>
          {t('editAndRetry')}
        </LinkButton>
      )}
      {retry.error && (
        <p role="alert" className="basis-full font-medium text-danger text-sm">
          {failureOf(retry.error).message}
        </p>
      )}
    </>
  );
}
