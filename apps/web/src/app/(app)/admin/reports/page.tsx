import { PageHeader } from '@pixgen/ui';
import type { Metadata } from 'next';
import { Reports } from '@/admin/reports';
import { Strikes } from '@/admin/strikes';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Reports' };

export default async function ReportsPage() {
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
      <PageHeader
        title="Reports"
        lead="What people say must not be here. Each is decided within 48 hours; looking at one is logged."
      />
      <Hydrate>
        <div className="grid gap-12">
          <Reports />
          <Strikes />
        </div>
      </Hydrate>
    </>
  );
}
