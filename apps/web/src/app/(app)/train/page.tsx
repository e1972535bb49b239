import { EmptyState, Section } from '@pixgen/ui';
import { getLocale, getTranslations } from 'next-intl/server';
import { languageOf } from '@/language/locales';
import { titled } from '@/language/titled';
import { ModelCard } from '@/models/model-card';
import { SampleSubject } from '@/training/sample-subject';
import { SAMPLE_STATEMENT, SUBJECT_CHOICES } from '@/training/subject-choices';
import { SubjectForm } from '@/training/subject-form';
import { WizardFrame } from '@/training/wizard-steps';
import { load } from '@/trpc/server';

export const generateMetadata = titled('trainAModel');

export default async function TrainPage() {
  const t = await getTranslations('wizard');
  const [drafts, models] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.models.list.queryOptions({ state: 'draft', limit: 4 })),
      queryClient.fetchQuery(trpc.models.list.queryOptions({ limit: 1 })),
    ]),
  );
  const { consentVersion, statement } = SAMPLE_STATEMENT;
  return (
    <WizardFrame modelId={null} step="subject" title={t('whoOrWhatIsIt')} lead={t('oneModelLearnsOneSubject')}>
      <div className="grid gap-14">
        <SubjectForm model={null} choices={SUBJECT_CHOICES} />
        {models.items.length === 0 && (
          <EmptyState title={t('noPhotosAtHand')}>
            <SampleSubject consentVersion={consentVersion} statement={statement[languageOf(await getLocale())]} />
          </EmptyState>
        )}
        {drafts.items.length > 0 && (
          <Section title={t('goOnWithADraft')}>
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
