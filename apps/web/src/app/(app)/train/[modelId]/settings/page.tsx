import { isPersonClass } from '@pixgen/domain';
import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { setVerdict } from '@/photos/tile-state';
import { loadDraft } from '@/training/load-draft';
import { SettingsForm } from '@/training/settings-form';
import { WizardFrame } from '@/training/wizard-steps';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Settings of the training' };

type Props = { params: Promise<{ modelId: string }> };

export default async function TrainingSettingsPage({ params }: Props) {
  const model = await loadDraft((await params).modelId, 'settings');
  if (!setVerdict(model.photoCounts.ready, 0).ok) redirect(`/train/${model.id}/photos`);
  const account = await load((queryClient, trpc) => queryClient.fetchQuery(trpc.account.me.queryOptions()));
  return (
    <WizardFrame
      modelId={model.id}
      step="settings"
      title="How thorough?"
      lead={`A preset fits itself to your ${model.photoCounts.ready} photos.`}
    >
      <SettingsForm
        model={model}
        profile={account.profile}
        isPerson={isPersonClass(model.classWord)}
        priceMicroUsd={account.prices.trainMicroUsd}
      />
    </WizardFrame>
  );
}
