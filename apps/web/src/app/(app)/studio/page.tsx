import { EmptyState, LinkButton, PageHeader } from '@pixgen/ui';
import type { Metadata } from 'next';
import Link from 'next/link';
import { Studio } from '@/generation/studio';
import { SunPrint } from '@/landing/sun-print';
import { Hydrate } from '@/trpc/hydrate';
import { getQueryClient, load, serverTrpc } from '@/trpc/server';

export const metadata: Metadata = { title: 'Studio' };

type Props = { searchParams: Promise<{ model?: string | string[]; prompt?: string | string[] }> };

export default async function StudioPage({ searchParams }: Props) {
  const params = await searchParams;
  const [account, models] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.models.list.queryOptions({ state: 'ready', limit: 100 })),
    ]),
  );
  const model = models.items.find((one) => one.id === params.model) ?? models.items[0];
  if (!model) {
    return (
      <>
        <PageHeader title="Studio" />
        <EmptyState
          art={<SunPrint seed={11} kind="umbel" className="mb-3 w-32 rounded-print shadow-lift" />}
          title="The studio needs a model"
          action={
            <LinkButton as={Link} href="/train" variant="primary">
              Train a model
            </LinkButton>
          }
        >
          Train one on 5 to 20 photos; then describe here what it should be seen doing.
        </EmptyState>
      </>
    );
  }
  await getQueryClient().prefetchInfiniteQuery(
    serverTrpc().generation.list.infiniteQueryOptions(
      { modelId: model.id, limit: 10 },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  );
  return (
    <>
      <PageHeader title="Studio" />
      <Hydrate>
        <Studio
          key={model.id}
          account={account}
          models={models.items}
          model={model}
          prompt={typeof params.prompt === 'string' ? params.prompt : ''}
        />
      </Hydrate>
    </>
  );
}
