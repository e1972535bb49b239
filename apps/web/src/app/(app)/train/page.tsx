import { Section } from '@pixgen/ui';
import type { Metadata } from 'next';
import { ModelCard } from '@/models/model-card';
import { SUBJECT_CHOICES } from '@/training/subject-choices';
import { SubjectForm } from '@/training/subject-form';
import { WizardFrame } from '@/training/wizard-steps';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Train a model' };

export default async function TrainPage() {
  const drafts = await load((queryClient, trpc) =>
    queryClient.fetchQuery(trpc.models.list.queryOptions({ state: 'draft', limit: 4 })),
  );
  return (
    <WizardFrame
      modelId={null}
      step="subject"
      title="Who or what is it?"
      lead="One model learns one subject. The draft is kept as you go; come back to it from any device."
    >
      <div className="grid gap-14">
        <SubjectForm model={null} choices={SUBJECT_CHOICES} />
        {drafts.items.length > 0 && (
          <Section title="Go on with a draft">
            <div className="grid grid-cols-2 gap-4 sm:grid-cols-4">
              {drafts.items.map((model) => (
                <ModelCard key={model.id} model={model} />
              ))}
            </div>
          </Section>
        )}
      </div>
    </WizardFrame>
  );
}
