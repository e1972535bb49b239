import { PageHeader, Stepper } from '@pixgen/ui';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';

const STEPS = ['subject', 'photos', 'settings', 'review'] as const;
export type WizardStep = (typeof STEPS)[number];

/** The frame of the four steps. Earlier steps are links; nothing is lost by going back. */
export function WizardFrame(props: {
  modelId: string | null;
  step: WizardStep;
  title: string;
  lead: ReactNode;
  children: ReactNode;
}) {
  const t = useTranslations('wizard');
  const at = STEPS.indexOf(props.step);
  return (
    <div className="mx-auto max-w-4xl">
      <Stepper
        label={t('stepsOfTheTraining')}
        doneLabel={t('done')}
        as={Link}
        className="mb-10"
        steps={STEPS.map((step, index) => ({
          label: t(`steps.${step}`),
          state: index < at ? 'done' : index === at ? 'current' : 'open',
          href: index < at && props.modelId ? `/train/${props.modelId}/${step}` : undefined,
        }))}
      />
      <PageHeader title={props.title} lead={props.lead} />
      {props.children}
    </div>
  );
}
