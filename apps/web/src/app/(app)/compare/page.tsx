import { EmptyState, LinkButton, PageHeader } from '@pixgen/ui';
import type { Metadata } from 'next';
import Link from 'next/link';
import { CompareIsland } from '@/gallery/islands';
import { readPair } from '@/gallery/pair';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Compare' };

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function ComparePage({ searchParams }: Props) {
  const { a: first, b: second } = readPair(await searchParams);
  if (!first || !second || first === second) return <NothingToCompare />;
  const [a, b] = await load((queryClient, trpc) =>
    Promise.all([first, second].map((id) => queryClient.fetchQuery(trpc.images.get.queryOptions({ id })))),
  );
  if (!a || !b) return <NothingToCompare />;
  return (
    <>
      <PageHeader title="Compare" />

      <CompareIsland a={a} b={b} />
    </>
  );
}

function NothingToCompare() {
  return (
    <EmptyState
      heading="h1"
      title="Choose two pictures"
      action={
        <LinkButton as={Link} href="/gallery" variant="primary">
          Open the gallery
        </LinkButton>
      }
    >
      Select two pictures in the gallery and press Compare, or C.
    </EmptyState>
  );
}
