'use client';

import { EmptyState, LinkButton, Notice, Section } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { PrintLink } from '@/gallery/print-link';
import { usePollMs } from '@/jobs/live';
import { Moment } from '@/jobs/time';
import { PackOrderNote } from '@/packs/pack-order-note';
import { TrainingPanel } from '@/training/training-panel';
import { useTRPC } from '@/trpc/client';
import { Checkpoints } from './checkpoints';
import { ModelHeader } from './model-header';
import { modelPath } from './words';

/** A model: what it is, how its training goes or went, what was made with it. */
export function ModelPage({ id }: { id: string }) {
  const t = useTranslations('models');
  const trpc = useTRPC();
  const options = trpc.models.get.queryOptions({ id });
  const known = useQuery(options).data;
  // The live stream tells when it is ready; without it the page asks.
  const model = useQuery({ ...options, refetchInterval: usePollMs(known?.state === 'training') }).data;
  const images = useQuery(trpc.images.list.queryOptions({ modelId: id, limit: 12 })).data;
  if (!model) return null;
  return (
    <>
      <ModelHeader model={model} />
      {model.photosErasedAt && (
        <Notice className="mb-8">{t.rich('erasedOn', { at: () => <Moment at={model.photosErasedAt ?? ''} /> })}</Notice>
      )}
      {model.trainingId && <PackOrderNote trainingId={model.trainingId} modelId={id} />}
      <div className="grid gap-12">
        {images && images.items.length > 0 && (
          <Section
            title={t('pictures')}
            aside={
              <Link href={`/gallery?model=${id}`} className="underline-offset-4 hover:text-accent hover:underline">
                {t('allInTheGallery')}
              </Link>
            }
          >
            <ul aria-label={t('picturesOfThisModel')} className="print-rows">
              {images.items.map((image) => (
                <PrintLink key={image.id} image={image} query={`?model=${id}`} />
              ))}
            </ul>
          </Section>
        )}
        {model.trainingId ? (
          <>
            <TrainingPanel key={model.trainingId} model={model} trainingId={model.trainingId} />
            <Checkpoints model={model} trainingId={model.trainingId} />
          </>
        ) : (
          <EmptyState
            title={t('notTrainedYet')}
            action={
              <LinkButton as={Link} href={modelPath(model)} variant="primary">
                {t('goOnWithTheDraft')}
              </LinkButton>
            }
          >
            {t('thisModelIsADraft', { ready: model.photoCounts.ready })}
          </EmptyState>
        )}
      </div>
    </>
  );
}
