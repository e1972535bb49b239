import { isPersonClass, LIMITS, trainingEdgePx } from '@pixgen/domain';
import type { Metadata } from 'next';
import { PhotoStep } from '@/photos/photo-step';
import { loadDraft } from '@/training/load-draft';
import { WizardFrame } from '@/training/wizard-steps';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Photos' };

export default async function PhotosPage({ params }: { params: Promise<{ modelId: string }> }) {
  const model = await loadDraft((await params).modelId, 'photos');
  const [account] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.photos.list.queryOptions({ modelId: model.id })),
    ]),
  );
  return (
    <WizardFrame
      modelId={model.id}
      step="photos"
      title={`Photos of ${model.name}`}
      lead={`${LIMITS.photos.min} to ${LIMITS.photos.max} photos; 10 to 15 varied ones work best. Location data is removed, and only you can see them.`}
    >
      <Hydrate>
        <PhotoStep
          modelId={model.id}
          person={isPersonClass(model.classWord)}
          trainingEdgePx={trainingEdgePx(account.profile)}
        />
      </Hydrate>
    </WizardFrame>
  );
}
