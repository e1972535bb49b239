import { PageHeader, Stepper } from '@pixgen/ui';
import Link from 'next/link';
import type { ReactNode } from 'react';

const STEPS = [
  { slug: 'subject', label: 'Subject' },
  { slug: 'photos', label: 'Photos' },
  { slug: 'settings', label: 'Settings' },
  { slug: 'review', label: 'Review' },
] as const;
export type WizardStep = (typeof STEPS)[number]['slug'];

/** The frame of the four steps. Earlier steps are links; nothing is lost by going back. */
export function WizardFrame(props: {
  modelId: string | null;
  step: WizardStep;
  title: string;
  lead: ReactNode;
  children: ReactNode;
}) {
  const at = STEPS.findIndex((step) => step.slug === props.step);
  return (
    <div className="mx-auto max-w-4xl">
      <Stepper
        label="Steps of the training"
        as={Link}
        className="mb-10"
        steps={STEPS.map((step, index) => ({
          label: step.label,
          state: index < at ? 'done' : index === at ? 'current' : 'open',
          href: index < at && props.modelId ? `/train/${props.modelId}/${step.slug}` : undefined,
        }))}
      />
      <PageHeader title={props.title} lead={props.lead} />
      {props.children}
    </div>
  );
}
