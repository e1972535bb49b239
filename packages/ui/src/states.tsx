import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import { cn } from './cn.ts';

/** Holds the place of content that is on its way. */
export function Skeleton({ className, ...rest }: ComponentProps<'div'>) {
  return <div aria-hidden="true" className={cn('animate-breathe rounded-control bg-line/70', className)} {...rest} />;
}

/** Nothing here yet: says what will be here and offers the first step. */
export function EmptyState(props: {
  art?: ReactNode;
  title: string;
  /** `h1` where this is all there is on the page. */
  heading?: 'h1' | 'h2';
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}) {
  const Heading = props.heading ?? 'h2';
  return (
    <div
      className={cn(
        'grid animate-rise justify-items-center gap-3 rounded-card border border-edge/50 border-dashed px-6 py-14 text-center',
        props.className,
      )}
    >
      {props.art}
      <Heading className="font-semibold text-lg tracking-[-0.01em]">{props.title}</Heading>
      {props.children && <div className="max-w-[46ch] text-ink-2">{props.children}</div>}
      {props.action && <div className="mt-3 flex flex-wrap justify-center gap-2">{props.action}</div>}
    </div>
  );
}

const TONES = {
  info: { icon: Info, className: 'bg-accent-soft [&>svg]:text-accent' },
  good: { icon: CircleCheck, className: 'bg-good-soft [&>svg]:text-good' },
  warn: { icon: TriangleAlert, className: 'bg-warn-soft [&>svg]:text-warn' },
  danger: { icon: CircleAlert, className: 'bg-danger-soft [&>svg]:text-danger' },
} as const;

/** A message in the page's flow. Tone `danger` is announced at once. */
export function Notice(props: {
  tone?: keyof typeof TONES;
  title?: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}) {
  const tone = TONES[props.tone ?? 'info'];
  return (
    <div
      role={props.tone === 'danger' ? 'alert' : 'note'}
      className={cn('flex items-start gap-3 rounded-control px-4 py-3 text-sm', tone.className, props.className)}
    >
      <tone.icon aria-hidden="true" className="mt-0.5 size-[1.1rem] shrink-0" />
      <div className="grid min-w-0 flex-1 gap-1">
        {props.title && <p className="font-medium">{props.title}</p>}
        {props.children && <div className="text-ink/85">{props.children}</div>}
        {props.action && <div className="mt-1.5 flex flex-wrap gap-2">{props.action}</div>}
      </div>
    </div>
  );
}
