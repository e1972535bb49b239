import { filterInput, needsBrowser, readFilters } from '@/gallery/filters';
import { ImageIsland } from '@/gallery/islands';
import { titled } from '@/language/titled';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('picture');

type Props = { params: Promise<{ id: string }>; searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function Page({ params, searchParams }: Props) {
  const { id } = await params;
  const filters = readFilters(await searchParams);
  await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.images.get.queryOptions({ id })),
      !needsBrowser(filters) &&
        queryClient.prefetchQuery(trpc.images.neighbours.queryOptions({ ...filterInput(filters), id })),
    ]),
  );
  return (
    <Hydrate>
      <ImageIsland id={id} filters={filters} />
    </Hydrate>
  );
}
