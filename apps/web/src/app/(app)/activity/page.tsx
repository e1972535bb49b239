import { EmptyState, LinkButton, PageHeader } from '@pixgen/ui';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { activityInput, readActivityFilters } from '@/jobs/activity-filters';
import { ActivityList } from '@/jobs/activity-list';
import { titled } from '@/language/titled';
import { readBefore } from '@/shell/read-before';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('activity');

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function ActivityPage({ searchParams }: Props) {
  const t = await getTranslations('jobs');
  const params = await searchParams;
  const filters = readActivityFilters(params);
  const before = readBefore(params);
  const unfiltered = filters.kind === null && filters.state === null;
  const jobs = await load((queryClient, trpc) =>
    queryClient.fetchInfiniteQuery(
      trpc.jobs.list.infiniteQueryOptions(activityInput(filters), {
        initialCursor: before,
        getNextPageParam: (page) => page.nextCursor,
      }),
    ),
  );
  return (
    <>
      <PageHeader title={t('activity')} lead={t('everyTrainingAndEveryOrder')} />
      {unfiltered && before === null && jobs.pages[0]?.items.length === 0 ? (
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
          <ActivityList filters={filters} before={before} />
        </Hydrate>
      )}
    </>
  );
}
