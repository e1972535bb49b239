import { EmptyState, LinkButton, PageHeader } from '@pixgen/ui';
import { Plus } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { ModelList } from '@/models/model-list';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Models' };

export default async function ModelsPage() {
  const models = await load((queryClient, trpc) =>
    queryClient.fetchInfiniteQuery(
      trpc.models.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
    ),
  );
  const none = models.pages[0]?.items.length === 0;
  return (
    <>
      <PageHeader
        title="Models"
        lead="Each model knows one subject."
        actions={
          !none && (
            <LinkButton as={Link} href="/train" variant="primary">
              <Plus aria-hidden="true" /> New model
            </LinkButton>
          )
        }
      />
      {none ? (
        <EmptyState
          title="No model yet"
          action={
            <LinkButton as={Link} href="/train" variant="primary">
              Train your first model
            </LinkButton>
          }
        >
          Five photos of one subject are enough to start.
        </EmptyState>
      ) : (
        <Hydrate>
          <ModelList />
        </Hydrate>
      )}
    </>
  );
}
