import { EmptyState, LinkButton, PageHeader } from '@pixgen/ui';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { activityInput, readActivityFilters } from '@/jobs/activity-filters';
import { ActivityList } from '@/jobs/activity-list';
import { titled } from '@/language/titled';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('activity');

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function ActivityPage({ searchParams }: Props) {
  const t = await getTranslations('jobs');
  const filters = readActivityFilters(await searchParams);
  const unfiltered = filters.kind === null && filters.state === null;
  const jobs = await load((queryClient, trpc) =>
    queryClient.fetchInfiniteQuery(
      trpc.jobs.list.infiniteQueryOptions(activityInput(filters), { getNextPageParam: (page) => page.nextCursor }),
    ),
  );
  return (
    <>
      <PageHeader title={t('activity')} lead={t('everyTrainingAndEveryOrder')} />
      {unfiltered && jobs.pages[0]?.items.length === 0 ? (
        <EmptyState
          title={t('nothingYet')}
          action={
            <LinkButton as={Link} href="/train" variant="primary">
              {t('trainAModel')}
            </LinkButton>
          }
        >
          {t('jobsAreListedHereFrom')}
        </EmptyState>
      ) : (
        <Hydrate>
          <ActivityList filters={filters} />
        </Hydrate>
      )}
    </>
  );
}
