import { EmptyState, PageHeader } from '@pixgen/ui';
import type { Metadata } from 'next';
import { PackCard } from '@/packs/pack-card';
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
        <ul aria-label="Packs" className="grid gap-5 sm:grid-cols-2 lg:grid-cols-3">
          {packs.items.map((pack, index) => (
            <PackCard
              key={pack.slug}
              pack={pack}
              index={index}
              query={typeof model === 'string' ? `?model=${encodeURIComponent(model)}` : ''}
            />
          ))}
        </ul>
      )}
    </>
  );
}
