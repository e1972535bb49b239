import type { ReactNode } from 'react';
import { Words } from '@/language/words-for';
import { load } from '@/trpc/server';

export default async function AdminLayout({ children }: { children: ReactNode }) {
  const { role } = await load((queryClient, trpc) => queryClient.fetchQuery(trpc.account.me.queryOptions()));
  // Others learn nothing of what is here, not even its words.
  if (role !== 'admin') return children;
  return <Words of={['admin', 'checks', 'moderation', 'reports']}>{children}</Words>;
}
