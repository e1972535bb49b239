import { PageHeader } from '@pixgen/ui';
import { getTranslations } from 'next-intl/server';
import { Reports } from '@/admin/reports';
import { Strikes } from '@/admin/strikes';
import { titled } from '@/language/titled';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('reports');

export default async function ReportsPage() {
  const t = await getTranslations('moderation');
  await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchInfiniteQuery(
        trpc.admin.reports.list.infiniteQueryOptions({ open: true }, { getNextPageParam: (page) => page.nextCursor }),
      ),
      queryClient.fetchInfiniteQuery(
        trpc.admin.strikes.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
      ),
    ]),
  );
  return (
    <>
      <PageHeader title={t('reports')} lead={t('whatPeopleSay')} />
      <Hydrate>
        <div className="grid gap-12">
          <Reports />
          <Strikes />
        </div>
      </Hydrate>
    </>
  );
}
