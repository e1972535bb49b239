import { LinkButton, PageHeader, Section } from '@pixgen/ui';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { Invites } from '@/account/invites';
import { DeadLetters } from '@/admin/dead-letters';
import { Queues } from '@/admin/queues';
import { ReportClock } from '@/admin/report-clock';
import { SystemChecks } from '@/admin/system-checks';
import { Users } from '@/admin/users';
import { env } from '@/env';
import { titled } from '@/language/titled';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('administration');

export default async function AdminPage() {
  const t = await getTranslations('admin');
  await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.admin.queues.queryOptions()),
      queryClient.fetchQuery(trpc.admin.reports.clock.queryOptions()),
      queryClient.fetchInfiniteQuery(
        trpc.admin.users.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
      ),
      queryClient.fetchInfiniteQuery(
        trpc.admin.deadLetters.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
      ),
    ]),
  );
  return (
    <>
      <PageHeader
        title={t('administration')}
        lead={t('whoIsHereWhatWaits')}
        actions={
          <>
            <LinkButton as={Link} href="/admin/reports">
              {t('reports')}
            </LinkButton>
            <LinkButton as={Link} href="/admin/audit-log">
              {t('auditLog')}
            </LinkButton>
            {/* A page of the API's, not of this app: a plain link. */}
            <LinkButton href="/admin/queues">{t('queueBoard')}</LinkButton>
          </>
        }
      />
      <Hydrate>
        <div className="grid gap-12">
          <ReportClock />
          <SystemChecks />
          <Queues />
          <DeadLetters />
          <Users hasPasswords={env().AUTH_MODE === 'local'} />
          <Section title={t('invitations')}>
            <Invites />
          </Section>
        </div>
      </Hydrate>
    </>
  );
}
