import type { Metadata } from 'next';
import { JobPage } from '@/jobs/job-page';
import { Hydrate } from '@/trpc/hydrate';
import { getQueryClient, load, serverTrpc } from '@/trpc/server';

export const metadata: Metadata = { title: 'Job' };

export default async function Page({ params }: { params: Promise<{ job: string }> }) {
  const { job: id } = await params;
  const job = await load((queryClient, trpc) => queryClient.fetchQuery(trpc.jobs.get.queryOptions({ id })));
  const training =
    job.kind === 'train'
      ? await getQueryClient()
          .fetchQuery(serverTrpc().training.get.queryOptions({ id: job.orderId }))
          .catch(() => null)
      : null;
  return (
    <Hydrate>
      <JobPage id={id} modelId={training?.modelId ?? null} />
    </Hydrate>
  );
}
