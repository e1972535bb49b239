import { PageHeader } from '@pixgen/ui';
import { getTranslations } from 'next-intl/server';
import { filterInput, needsBrowser, readFilters, readPage } from '@/gallery/filters';
import { GalleryIsland } from '@/gallery/islands';
import { firstInput, shelfKey, toFirstPage } from '@/gallery/shelf-query';
import { titled } from '@/language/titled';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('gallery');

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function GalleryPage({ searchParams }: Props) {
  const t = await getTranslations('gallery');
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
      <PageHeader title={t('gallery')} />
      <Hydrate>
        <GalleryIsland
          models={models.items.map(({ id, name }) => ({ id, name }))}
          packs={packs.items.map(({ slug, name }) => ({ id: slug, name }))}
        />
      </Hydrate>
    </>
  );
}
