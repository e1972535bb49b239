import { EmptyState, PageHeader } from '@pixgen/ui';
import { getTranslations } from 'next-intl/server';
import { titled } from '@/language/titled';
import { PackList } from '@/packs/pack-list';
import { load } from '@/trpc/server';

export const generateMetadata = titled('packs');

export default async function PacksPage({ searchParams }: { searchParams: Promise<{ model?: string | string[] }> }) {
  const t = await getTranslations('packs');
  const { model } = await searchParams;
  const packs = await load((queryClient, trpc) => queryClient.fetchQuery(trpc.packs.list.queryOptions()));
  return (
    <>
      <PageHeader title={t('packs')} lead={t('preparedPromptsThatBelongTogether')} />
      {packs.items.length === 0 ? (
        <EmptyState title={t('noPacksHere')}>{t('theOperatorOfThisInstallation')}</EmptyState>
      ) : (
        <PackList packs={packs.items} query={typeof model === 'string' ? `?model=${encodeURIComponent(model)}` : ''} />
      )}
    </>
  );
}
