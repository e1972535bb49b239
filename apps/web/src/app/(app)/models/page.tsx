import { EmptyState, LinkButton, PageHeader } from '@pixgen/ui';
import { Plus } from 'lucide-react';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { titled } from '@/language/titled';
import { DeletedModels } from '@/models/deleted-models';
import { ModelList } from '@/models/model-list';
import { readBefore } from '@/shell/read-before';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('models');

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function ModelsPage({ searchParams }: Props) {
  const t = await getTranslations('models');
  const params = await searchParams;
  if (params.show === 'deleted') return <Deleted />;
  const before = readBefore(params);
  const models = await load((queryClient, trpc) =>
    queryClient.fetchInfiniteQuery(
      trpc.models.list.infiniteQueryOptions({}, { initialCursor: before, getNextPageParam: (page) => page.nextCursor }),
    ),
  );
  const none = before === null && models.pages[0]?.items.length === 0;
  return (
    <>
      <PageHeader
        title={t('models')}
        lead={t('eachModelKnowsOneSubject')}
        actions={
          <>
            <LinkButton as={Link} href="/models?show=deleted" variant="ghost">
              {t('deletedModels')}
            </LinkButton>
            {!none && (
              <LinkButton as={Link} href="/train" variant="primary">
                <Plus aria-hidden="true" /> {t('newModel')}
              </LinkButton>
            )}
          </>
        }
      />
      {none ? (
        <EmptyState
          title={t('noModelYet')}
          action={
            <LinkButton as={Link} href="/train" variant="primary">
              {t('trainYourFirstModel')}
            </LinkButton>
          }
        >
          {t('fivePhotosOfOneSubject')}
        </EmptyState>
      ) : (
        <Hydrate>
          <ModelList before={before} />
        </Hydrate>
      )}
    </>
  );
}

async function Deleted() {
  const t = await getTranslations('models');
  await load((queryClient, trpc) =>
    queryClient.fetchInfiniteQuery(
      trpc.models.list.infiniteQueryOptions({ deleted: true }, { getNextPageParam: (page) => page.nextCursor }),
    ),
  );
  return (
    <>
      <PageHeader
        title={t('deletedModels')}
        lead={t('deletedModelsStandHere')}
        actions={
          <LinkButton as={Link} href="/models">
            {t('backToTheModels')}
          </LinkButton>
        }
      />
      <Hydrate>
        <DeletedModels />
      </Hydrate>
    </>
  );
}
