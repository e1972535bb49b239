import { GenerationPage } from '@/generation/generation-page';
import { titled } from '@/language/titled';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('pictures');

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  await load((queryClient, trpc) => queryClient.fetchQuery(trpc.generation.get.queryOptions({ id })));
  return (
    <Hydrate>
      <GenerationPage id={id} />
    </Hydrate>
  );
}
