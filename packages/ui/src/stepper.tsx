import { Check } from 'lucide-react';
import type { ElementType } from 'react';
import { cn } from './cn.ts';

export type Step = { label: string; state: 'done' | 'current' | 'open'; href?: string | undefined };

/** Where one is in a row of steps. A step with `href` is a link. */
export function Stepper(props: {
  label: string;
  /** Read out behind the name of a step that is done. */
  doneLabel: string;
  steps: readonly Step[];
  as?: ElementType;
  className?: string;
}) {
  const Link = props.as ?? 'a';
  return (
    <nav aria-label={props.label} className={props.className}>
      <ol className="flex items-center gap-2 sm:gap-3">
        {props.steps.map((step, index) => (
          <li key={step.label} className="flex min-w-0 items-center gap-2 not-last:flex-auto sm:gap-3">
            <StepLabel step={step} doneLabel={props.doneLabel} number={index + 1} link={step.href ? Link : null} />
            {index < props.steps.length - 1 && <span aria-hidden="true" className="h-px min-w-3 flex-1 bg-edge/60" />}
          </li>
        ))}
      </ol>
    </nav>
  );
}

function StepLabel(props: { step: Step; doneLabel: string; number: number; link: ElementType | null }) {
  const { step, number, link } = props;
  const Tag = link ?? 'span';
  return (
    <Tag
      {...(link ? { href: step.href } : {})}
      aria-current={step.state === 'current' ? 'step' : undefined}
      className={cn('flex items-center gap-2 rounded-full text-sm', link && 'hover:text-accent')}
    >
      <span
        className={cn(
          'grid size-7 shrink-0 place-items-center rounded-full border text-xs tabular-nums',
          step.state === 'current' && 'border-accent bg-accent text-accent-ink',
          step.state === 'done' && 'border-accent text-accent',
          step.state === 'open' && 'border-edge text-ink-2',
        )}
      >
        {step.state === 'done' ? <Check aria-hidden="true" className="size-3.5" /> : number}
      </span>
      <span className={cn(step.state === 'current' ? 'font-medium' : 'text-ink-2 max-sm:sr-only')}>
        {step.label}
        {step.state === 'done' && <span className="sr-only"> {props.doneLabel}</span>}
      </span>
    </Tag>
  );
}
