import { getTranslations } from 'next-intl/server';
import { titled } from '@/language/titled';
import { loadDraft } from '@/training/load-draft';
import { SUBJECT_CHOICES } from '@/training/subject-choices';
import { SubjectForm } from '@/training/subject-form';
import { WizardFrame } from '@/training/wizard-steps';

export const generateMetadata = titled('subject');

export default async function SubjectPage({ params }: { params: Promise<{ modelId: string }> }) {
  const t = await getTranslations('wizard');
  const model = await loadDraft((await params).modelId, 'subject');
  return (
    <WizardFrame modelId={model.id} step="subject" title={t('whoOrWhatIsIt')} lead={t('changesAreKeptWithThe')}>
      <SubjectForm model={model} choices={SUBJECT_CHOICES} />
    </WizardFrame>
  );
}
