import { PageHeader } from '@pixgen/ui';
import type { Metadata } from 'next';
import { listInput, readFilters } from '@/gallery/filters';
import { Gallery } from '@/gallery/gallery';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Gallery' };

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function GalleryPage({ searchParams }: Props) {
  const filters = readFilters(await searchParams);
  const [models] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.models.list.queryOptions({ limit: 100 })),
      queryClient.fetchInfiniteQuery(
        trpc.images.list.infiniteQueryOptions(listInput(filters), { getNextPageParam: (page) => page.nextCursor }),
      ),
    ]),
  );
  return (
    <>
      <PageHeader title="Gallery" />
      <Hydrate>
        <Gallery filters={filters} models={models.items.map(({ id, name }) => ({ id, name }))} />
      </Hydrate>
    </>
  );
}
