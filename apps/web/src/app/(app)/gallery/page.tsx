import { PageHeader } from '@pixgen/ui';
import type { Metadata } from 'next';
import { filterInput, needsBrowser, readFilters, readPage } from '@/gallery/filters';
import { GalleryIsland } from '@/gallery/islands';
import { firstInput, shelfKey, toFirstPage } from '@/gallery/shelf-query';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Gallery' };

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function GalleryPage({ searchParams }: Props) {
  const params = await searchParams;
  const filters = readFilters(params);
  const { page } = readPage(params);
  const [models, packs] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.models.list.queryOptions({ limit: 100 })),
      queryClient.fetchQuery(trpc.packs.list.queryOptions()),
      queryClient.prefetchQuery(trpc.collections.list.queryOptions()),
      !needsBrowser(filters) &&
        queryClient.fetchQuery({
          queryKey: shelfKey(filters, page),
          queryFn: async () => {
            const [list, count] = await Promise.all([
              queryClient.fetchQuery(trpc.images.list.queryOptions(firstInput(filters, page))),
              queryClient.fetchQuery(trpc.images.count.queryOptions(filterInput(filters))),
            ]);
            queryClient.removeQueries(trpc.images.list.pathFilter());
            return toFirstPage(filters, page, list, count);
          },
        }),
    ]),
  );
  return (
    <>
      <PageHeader title="Gallery" />
      <Hydrate>
        <GalleryIsland
          models={models.items.map(({ id, name }) => ({ id, name }))}
          packs={packs.items.map(({ slug, name }) => ({ id: slug, name }))}
        />
      </Hydrate>
    </>
  );
}
