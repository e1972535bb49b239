import { PageHeader } from '@pixgen/ui';
import type { Metadata } from 'next';
import { AuditLog } from '@/admin/audit-log';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Audit log' };

export default async function AuditLogPage() {
  await load((queryClient, trpc) =>
    queryClient.fetchInfiniteQuery(
      trpc.admin.auditLog.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
    ),
  );
  return (
    <>
      <PageHeader
        title="Audit log"
        lead="What was done, by whom. People stand in it under pseudonyms; an erased person has no name."
      />
      <Hydrate>
        <AuditLog />
      </Hydrate>
    </>
  );
}
