import { EmptyState, LinkButton, PageHeader } from '@pixgen/ui';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { getTranslations } from 'next-intl/server';
import { CompareIsland } from '@/gallery/islands';
import { readPair } from '@/gallery/pair';
import { titled } from '@/language/titled';
import { load } from '@/trpc/server';

export const generateMetadata = titled('compare');

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function ComparePage({ searchParams }: Props) {
  const t = await getTranslations('gallery');
  const { a: first, b: second } = readPair(await searchParams);
  if (!first || !second || first === second) return <NothingToCompare />;
  const [a, b] = await load((queryClient, trpc) =>
    Promise.all([first, second].map((id) => queryClient.fetchQuery(trpc.images.get.queryOptions({ id })))),
  );
  if (!a || !b) return <NothingToCompare />;
  return (
    <>
      <PageHeader title={t('compare')} />

      <CompareIsland a={a} b={b} />
    </>
  );
}

function NothingToCompare() {
  const t = useTranslations('gallery');
  return (
    <EmptyState
      heading="h1"
      title={t('chooseTwoPictures')}
      action={
        <LinkButton as={Link} href="/gallery" variant="primary">
          {t('openTheGallery')}
        </LinkButton>
      }
    >
      {t('selectTwoPicturesInThe')}
    </EmptyState>
  );
}
