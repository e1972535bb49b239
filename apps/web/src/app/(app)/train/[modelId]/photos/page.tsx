import { isPersonClass, LIMITS, trainingEdgePx } from '@pixgen/domain';
import { getTranslations } from 'next-intl/server';
import { titled } from '@/language/titled';
import { PhotoStep } from '@/photos/photo-step';
import { loadDraft } from '@/training/load-draft';
import { WizardFrame } from '@/training/wizard-steps';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('photos');

export default async function PhotosPage({ params }: { params: Promise<{ modelId: string }> }) {
  const t = await getTranslations('wizard');
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
      title={t('photosOf', { name: model.name })}
      lead={t('toPhotos10To15', { min: LIMITS.photos.min, max: LIMITS.photos.max })}
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
