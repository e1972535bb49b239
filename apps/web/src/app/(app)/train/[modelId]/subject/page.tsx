import type { Metadata } from 'next';
import { loadDraft } from '@/training/load-draft';
import { SUBJECT_CHOICES } from '@/training/subject-choices';
import { SubjectForm } from '@/training/subject-form';
import { WizardFrame } from '@/training/wizard-steps';

export const metadata: Metadata = { title: 'Subject' };

export default async function SubjectPage({ params }: { params: Promise<{ modelId: string }> }) {
  const model = await loadDraft((await params).modelId, 'subject');
  return (
    <WizardFrame modelId={model.id} step="subject" title="Who or what is it?" lead="Changes are kept with the draft.">
      <SubjectForm model={model} choices={SUBJECT_CHOICES} />
    </WizardFrame>
  );
}
