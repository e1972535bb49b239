import { Toaster } from '@pixgen/ui';
import type { ReactNode } from 'react';
import { LiveProvider } from '@/jobs/live';
import { Words } from '@/language/words-for';
import { AppShell } from '@/shell/app-shell';
import { ApiProvider } from '@/trpc/client';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

/** Everything behind the sign-in: the account, the live stream and the shell around each page. */
export default async function AppLayout({ children }: { children: ReactNode }) {
  const account = await load((queryClient, trpc) => queryClient.fetchQuery(trpc.account.me.queryOptions()));
  return (
    <Words of={['shell', 'jobs']}>
      <ApiProvider>
        <LiveProvider>
          <Hydrate>
            <AppShell account={account}>{children}</AppShell>
          </Hydrate>
          <Toaster />
        </LiveProvider>
      </ApiProvider>
    </Words>
  );
}
