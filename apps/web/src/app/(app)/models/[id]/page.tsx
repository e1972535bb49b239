import { titled } from '@/language/titled';
import { ModelPage } from '@/models/model-page';
import { Hydrate } from '@/trpc/hydrate';
import { getQueryClient, load, serverTrpc } from '@/trpc/server';

type Props = { params: Promise<{ id: string }> };

export const generateMetadata = titled('model');

export default async function Page({ params }: Props) {
  const { id } = await params;
  const model = await load((queryClient, trpc) => queryClient.fetchQuery(trpc.models.get.queryOptions({ id })));
  await Promise.all([
    model.trainingId &&
      getQueryClient().prefetchQuery(serverTrpc().training.get.queryOptions({ id: model.trainingId })),
    getQueryClient().prefetchQuery(serverTrpc().images.list.queryOptions({ modelId: id, limit: 12 })),
  ]);
  return (
    <Hydrate>
      <ModelPage id={id} />
    </Hydrate>
  );
}
