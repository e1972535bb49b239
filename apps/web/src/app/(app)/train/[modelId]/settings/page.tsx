import { isPersonClass } from '@pixgen/domain';
import { redirect } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { titled } from '@/language/titled';
import { setVerdict } from '@/photos/tile-state';
import { loadDraft } from '@/training/load-draft';
import { SettingsForm } from '@/training/settings-form';
import { WizardFrame } from '@/training/wizard-steps';
import { load } from '@/trpc/server';

export const generateMetadata = titled('settingsOfTheTraining');

type Props = { params: Promise<{ modelId: string }> };

export default async function TrainingSettingsPage({ params }: Props) {
  const t = await getTranslations('wizard');
  const model = await loadDraft((await params).modelId, 'settings');
  if (!setVerdict(await getTranslations('photos'), model.photoCounts.ready, 0).ok)
    redirect(`/train/${model.id}/photos`);
  const [account, packs] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.packs.list.queryOptions()),
    ]),
  );
  return (
    <WizardFrame
      modelId={model.id}
      step="settings"
      title={t('howThorough')}
      lead={t('aPresetFitsItselfTo', { ready: model.photoCounts.ready })}
    >
      <SettingsForm
        model={model}
        profile={account.profile}
        isPerson={isPersonClass(model.classWord)}
        prices={account.prices}
        packs={packs.items}
      />
    </WizardFrame>
  );
}
