import type { ComponentProps, ReactNode } from 'react';
import { cn } from './cn.ts';

export function Card({ className, ...rest }: ComponentProps<'div'>) {
  return <div className={cn('rounded-card border border-line bg-surface p-5 sm:p-6', className)} {...rest} />;
}

/** The head of a page: its one `h1`, a sentence, and what can be done. */
export function PageHeader(props: { title: ReactNode; lead?: ReactNode; actions?: ReactNode; above?: ReactNode }) {
  return (
    <header className="mb-8 flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
      <div className="grid min-w-0 gap-1.5">
        {props.above}
        <h1 className="font-semibold text-[1.75rem] leading-tight tracking-[-0.022em] sm:text-[2.125rem]">
          {props.title}
        </h1>
        {props.lead && <p className="max-w-[60ch] text-ink-2">{props.lead}</p>}
      </div>
      {props.actions && <div className="flex flex-wrap items-center gap-2">{props.actions}</div>}
    </header>
  );
}

/** A titled part of a page. */
export function Section(props: { title: string; aside?: ReactNode; className?: string; children: ReactNode }) {
  return (
    <section className={cn('grid content-start gap-4', props.className)} aria-label={props.title}>
      <div className="flex items-baseline justify-between gap-4">
        <h2 className="font-semibold text-lg tracking-[-0.01em]">{props.title}</h2>
        {props.aside && <div className="text-ink-2 text-sm">{props.aside}</div>}
      </div>
      {props.children}
    </section>
  );
}

/** Label and value pairs. */
export function Facts(props: { items: readonly (readonly [label: string, value: ReactNode])[]; className?: string }) {
  return (
    <dl className={cn('grid grid-cols-[max-content_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm', props.className)}>
      {props.items.map(([label, value]) => (
        <div key={label} className="col-span-2 grid grid-cols-subgrid">
          <dt className="text-ink-2">{label}</dt>
          <dd className="min-w-0 break-words tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
