import { JobPage } from '@/jobs/job-page';
import { replayOfGeneration, replayOfTraining } from '@/jobs/replay';
import { titled } from '@/language/titled';
import { Hydrate } from '@/trpc/hydrate';
import { getQueryClient, load, serverTrpc } from '@/trpc/server';

export const generateMetadata = titled('job');

export default async function Page({ params }: { params: Promise<{ job: string }> }) {
  const { job: id } = await params;
  const job = await load((queryClient, trpc) => queryClient.fetchQuery(trpc.jobs.get.queryOptions({ id })));
  // A model in training, or deleted, has no settings to change.
  const model =
    job.kind === 'train'
      ? await getQueryClient()
          .fetchQuery(serverTrpc().models.get.queryOptions({ id: job.modelId }))
          .catch(() => null)
      : null;
  const generation =
    job.kind === 'generate'
      ? await getQueryClient()
          .fetchQuery(serverTrpc().generation.get.queryOptions({ id: job.orderId }))
          .catch(() => null)
      : null;
  // Where the same order stands filled in, to be changed; the model keeps what its last training was ordered with.
  const editPath = model
    ? model.state === 'training'
      ? null
      : `/train/${model.id}/settings`
    : generation &&
      (generation.pack
        ? `/packs/${generation.pack.slug}?model=${generation.modelId}&run=${generation.id}`
        : `/studio?generation=${generation.id}`);
  const training =
    model && job.state === 'succeeded'
      ? await getQueryClient()
          .fetchQuery(serverTrpc().training.get.queryOptions({ id: job.orderId }))
          .catch(() => null)
      : null;
  const replay = training ? replayOfTraining(training) : generation && replayOfGeneration(generation);
  const { prices } = await load((queryClient, trpc) => queryClient.fetchQuery(trpc.account.me.queryOptions()));
  const again = replay && {
    replay,
    priceMicroUsd: replay.kind === 'train' ? prices.trainMicroUsd : prices.imageMicroUsd * replay.images,
  };
  return (
    <Hydrate>
      <JobPage id={id} editPath={editPath} again={again} />
    </Hydrate>
  );
}
