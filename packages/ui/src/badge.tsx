import { cva, type VariantProps } from 'class-variance-authority';
import type { ComponentProps } from 'react';
import { cn } from './cn.ts';

const badge = cva(
  'inline-flex items-center gap-1.5 whitespace-nowrap rounded-full px-2.5 py-0.5 font-medium text-xs leading-5 [&_svg]:size-3.5',
  {
    variants: {
      tone: {
        neutral: 'bg-sunken text-ink-2 dark:bg-line dark:text-ink',
        accent: 'bg-accent-soft text-accent-strong dark:text-accent',
        good: 'bg-good-soft text-good',
        warn: 'bg-warn-soft text-warn',
        danger: 'bg-danger-soft text-danger',
      },
    },
    defaultVariants: { tone: 'neutral' },
  },
);
export type Tone = NonNullable<VariantProps<typeof badge>['tone']>;

export function Badge({ tone, className, ...rest }: ComponentProps<'span'> & { tone?: Tone }) {
  return <span className={cn(badge({ tone }), className)} {...rest} />;
}

export function Kbd({ className, ...rest }: ComponentProps<'kbd'>) {
  return (
    <kbd
      className={cn(
        'rounded-[5px] border border-current/30 px-1.5 py-px font-mono text-[0.7rem] opacity-85',
        className,
      )}
      {...rest}
    />
  );
}
