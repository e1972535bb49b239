import { LinkButton, PageHeader, Section } from '@pixgen/ui';
import type { Metadata } from 'next';
import Link from 'next/link';
import { Invites } from '@/account/invites';
import { DeadLetters } from '@/admin/dead-letters';
import { Queues } from '@/admin/queues';
import { ReportClock } from '@/admin/report-clock';
import { Users } from '@/admin/users';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Administration' };

export default async function AdminPage() {
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
        title="Administration"
        lead="Who is here, what waits, and what ended badly."
        actions={
          <>
            <LinkButton as={Link} href="/admin/reports">
              Reports
            </LinkButton>
            <LinkButton as={Link} href="/admin/audit-log">
              Audit log
            </LinkButton>
            {/* A page of the API's, not of this app: a plain link. */}
            <LinkButton href="/admin/queues">Queue board</LinkButton>
          </>
        }
      />
      <Hydrate>
        <div className="grid gap-12">
          <ReportClock />
          <Queues />
          <DeadLetters />
          <Users />
          <Section title="Invitations">
            <Invites />
          </Section>
        </div>
      </Hydrate>
    </>
  );
}
