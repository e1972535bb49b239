'use client';

import { LinkButton, PageHeader } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';
import { GenerationBlock } from './generation-block';
import { useReadable } from './readable-prompt';
import { RecipeFacts } from './recipe-facts';

/** One order of pictures on its own page: for a pack run, the contact sheet. */
export function GenerationPage({ id }: { id: string }) {
  const t = useTranslations('studio');
  const readable = useReadable();
  const router = useRouter();
  const trpc = useTRPC();
  const generation = useQuery(trpc.generation.get.queryOptions({ id })).data;
  if (!generation) return null;
  const { pack, modelName, modelId } = generation;
  return (
    <>
      <PageHeader
        title={pack ? pack.name : readable(generation.prompt ?? t('pictures'))}
        above={
          <p className="text-ink-2 text-sm">
            {t.rich(pack ? 'packRunOf' : 'madeWithModel', {
              model: () => (
                <Link href={`/models/${modelId}`} className="text-ink underline underline-offset-4 hover:text-accent">
                  {modelName}
                </Link>
              ),
            })}
          </p>
        }
        actions={
          <>
            <LinkButton as={Link} href={`/gallery?model=${modelId}`}>
              {t('openTheGallery')}
            </LinkButton>
            <LinkButton
              as={Link}
              variant="primary"
              href={pack ? `/packs/${pack.slug}?model=${modelId}` : `/studio?generation=${id}`}
            >
              {pack ? t('runItAgain') : t('editAndDrawAgain')}
            </LinkButton>
          </>
        }
      />
      <div className="grid gap-10">
        <GenerationBlock
          generation={generation}
          titled={false}
          onRetried={(next) => router.push(`/generations/${next.id}`)}
          onOrdered={(next) => router.push(`/generations/${next.id}`)}
        />
        <RecipeFacts settings={generation.settings} createdAt={generation.createdAt} />
      </div>
    </>
  );
}
