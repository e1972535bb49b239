import { EmptyState, LinkButton, PageHeader } from '@pixgen/ui';
import type { Metadata } from 'next';
import Link from 'next/link';
import { activityInput, readActivityFilters } from '@/jobs/activity-filters';
import { ActivityList } from '@/jobs/activity-list';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Activity' };

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function ActivityPage({ searchParams }: Props) {
  const filters = readActivityFilters(await searchParams);
  const unfiltered = filters.kind === null && filters.state === null;
  const jobs = await load((queryClient, trpc) =>
    queryClient.fetchInfiniteQuery(
      trpc.jobs.list.infiniteQueryOptions(activityInput(filters), { getNextPageParam: (page) => page.nextCursor }),
    ),
  );
  return (
    <>
      <PageHeader title="Activity" lead="Every training and every order of pictures, with what happened to it." />
      {unfiltered && jobs.pages[0]?.items.length === 0 ? (
        <EmptyState
          title="Nothing yet"
          action={
            <LinkButton as={Link} href="/train" variant="primary">
              Train a model
            </LinkButton>
          }
        >
          Jobs are listed here from the moment they are accepted.
        </EmptyState>
      ) : (
        <Hydrate>
          <ActivityList filters={filters} />
        </Hydrate>
      )}
    </>
  );
}
