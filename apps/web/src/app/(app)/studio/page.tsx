import { EmptyState, LinkButton, PageHeader } from '@pixgen/ui';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { formOfRecipe } from '@/generation/draw-input';
import { Studio } from '@/generation/studio';
import { SunPrint } from '@/landing/sun-print';
import { titled } from '@/language/titled';
import { Hydrate } from '@/trpc/hydrate';
import { getQueryClient, load, serverTrpc } from '@/trpc/server';

export const generateMetadata = titled('studio');

type Param = string | string[] | undefined;
type Props = {
  searchParams: Promise<{ model?: Param; prompt?: Param; image?: Param; generation?: Param; seed?: Param }>;
};

export default async function StudioPage({ searchParams }: Props) {
  const t = await getTranslations('studio');
  const params = await searchParams;
  const [account, models] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.models.list.queryOptions({ state: 'ready', limit: 100 })),
    ]),
  );
  const source = await readSource(params);
  const wanted = source?.modelId ?? params.model;
  const model = models.items.find((one) => one.id === wanted) ?? models.items[0];
  if (!model) {
    return (
      <>
        <PageHeader title={t('studio')} />
        <EmptyState
          art={<SunPrint seed={11} kind="umbel" className="mb-3 w-32 rounded-print shadow-lift" />}
          title={t('theStudioNeedsAModel')}
          action={
            <LinkButton as={Link} href="/train" variant="primary">
              {t('trainAModel')}
            </LinkButton>
          }
        >
          {t('trainOneOn5To')}
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
      <PageHeader title={t('studio')} />
      <Hydrate>
        <Studio
          key={model.id}
          account={account}
          models={models.items}
          model={model}
          given={
            source
              ? formOfRecipe(source, params.seed === 'keep' ? source.seed : null, account.profile)
              : typeof params.prompt === 'string'
                ? { prompt: params.prompt }
                : null
          }
        />
      </Hydrate>
    </>
  );
}

/** The recipe of a picture or an order that the address names; one that is gone is passed over. */
async function readSource({ image, generation }: { image?: Param; generation?: Param }) {
  if (typeof image === 'string') {
    const found = await getQueryClient()
      .fetchQuery(serverTrpc().images.get.queryOptions({ id: image }))
      .catch(() => null);
    return found && { ...found.settings, modelId: found.modelId, prompt: found.prompt, seed: found.seed };
  }
  if (typeof generation === 'string') {
    const found = await getQueryClient()
      .fetchQuery(serverTrpc().generation.get.queryOptions({ id: generation }))
      .catch(() => null);
    return found?.prompt ? { ...found.settings, modelId: found.modelId, prompt: found.prompt } : null;
  }
  return null;
}
