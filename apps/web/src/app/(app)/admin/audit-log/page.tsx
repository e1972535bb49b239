import { PageHeader } from '@pixgen/ui';
import { getTranslations } from 'next-intl/server';
import { AuditLog } from '@/admin/audit-log';
import { titled } from '@/language/titled';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('auditLog');

export default async function AuditLogPage() {
  const t = await getTranslations('admin');
  await load((queryClient, trpc) =>
    queryClient.fetchInfiniteQuery(
      trpc.admin.auditLog.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
    ),
  );
  return (
    <>
      <PageHeader title={t('auditLog')} lead={t('whatWasDoneByWhom')} />
      <Hydrate>
        <AuditLog />
      </Hydrate>
    </>
  );
}
