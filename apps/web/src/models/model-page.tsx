'use client';

import { EmptyState, LinkButton, Notice, Section } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { PrintLink } from '@/gallery/print-link';
import { Moment } from '@/jobs/time';
import { PackOrderNote } from '@/packs/pack-order-note';
import { TrainingPanel } from '@/training/training-panel';
import { useTRPC } from '@/trpc/client';
import { Checkpoints } from './checkpoints';
import { ModelHeader } from './model-header';
import { modelPath } from './words';

/** A model: what it is, how its training goes or went, what was made with it. */
export function ModelPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const model = useQuery(trpc.models.get.queryOptions({ id })).data;
  const images = useQuery(trpc.images.list.queryOptions({ modelId: id, limit: 12 })).data;
  if (!model) return null;
  return (
    <>
      <ModelHeader model={model} />
      {model.photosErasedAt && (
        <Notice className="mb-8">
          The photos of this model have done their work. They are erased by themselves on{' '}
          <Moment at={model.photosErasedAt} />; model and pictures stay.
        </Notice>
      )}
      {model.trainingId && <PackOrderNote trainingId={model.trainingId} modelId={id} />}
      <div className="grid gap-12">
        {images && images.items.length > 0 && (
          <Section
            title="Pictures"
            aside={
              <Link href={`/gallery?model=${id}`} className="underline-offset-4 hover:text-accent hover:underline">
                All in the gallery
              </Link>
            }
          >
            <ul aria-label="Pictures of this model" className="print-rows">
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
            title="Not trained yet"
            action={
              <LinkButton as={Link} href={modelPath(model)} variant="primary">
                Go on with the draft
              </LinkButton>
            }
          >
            This model is a draft with {model.photoCounts.ready} photos.
          </EmptyState>
        )}
      </div>
    </>
  );
}
