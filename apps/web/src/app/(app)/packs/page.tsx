import { EmptyState, PageHeader } from '@pixgen/ui';
import type { Metadata } from 'next';
import { PackList } from '@/packs/pack-list';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Packs' };

export default async function PacksPage({ searchParams }: { searchParams: Promise<{ model?: string | string[] }> }) {
  const { model } = await searchParams;
  const packs = await load((queryClient, trpc) => queryClient.fetchQuery(trpc.packs.list.queryOptions()));
  return (
    <>
      <PageHeader
        title="Packs"
        lead="Prepared prompts that belong together. Choose one of your models and draw them all in one go."
      />
      {packs.items.length === 0 ? (
        <EmptyState title="No packs here">The operator of this installation has not added any.</EmptyState>
      ) : (
        <PackList packs={packs.items} query={typeof model === 'string' ? `?model=${encodeURIComponent(model)}` : ''} />
      )}
    </>
  );
}
