'use client';

import { type ComponentProps, createContext, type ReactNode, useContext, useId } from 'react';
import { cn } from './cn.ts';

type FieldWiring = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': true | undefined };
const FieldContext = createContext<FieldWiring | null>(null);

/** Ties label, hint and error to the one control inside it. */
export function Field(props: {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  /** Stands at the right end of the label's line, e.g. a value or a counter. */
  aside?: ReactNode;
  /** The control is a group that says its own name, as {@link Segmented} does: a label cannot point at one. */
  group?: boolean;
  className?: string;
  children: ReactNode;
}) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const described = [props.hint ? hintId : '', props.error ? errorId : ''].filter(Boolean).join(' ') || undefined;
  return (
    <FieldContext value={{ id, 'aria-describedby': described, 'aria-invalid': props.error ? true : undefined }}>
      <div className={cn('grid content-start gap-1.5', props.className)}>
        <div className="flex items-baseline justify-between gap-3">
          {props.group ? (
            <span aria-hidden="true" className="font-medium text-sm">
              {props.label}
            </span>
          ) : (
            <label htmlFor={id} className="font-medium text-sm">
              {props.label}
            </label>
          )}
          {props.aside && <span className="text-ink-2 text-sm tabular-nums">{props.aside}</span>}
        </div>
        {props.children}
        {props.hint && (
          <p id={hintId} className="text-ink-2 text-sm">
            {props.hint}
          </p>
        )}
        {props.error && (
          <p id={errorId} role="alert" className="font-medium text-danger text-sm">
            {props.error}
          </p>
        )}
      </div>
    </FieldContext>
  );
}

/** The attributes that tie a control to the {@link Field} around it; empty outside of one. */
export function useField(): Partial<FieldWiring> {
  return useContext(FieldContext) ?? {};
}

const control =
  'w-full min-w-0 rounded-control border border-edge bg-surface px-3 text-ink text-base sm:text-sm placeholder:text-ink-2/80 transition-colors hover:border-ink-2 aria-invalid:border-danger disabled:opacity-55';

export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input {...useField()} className={cn(control, 'h-10', className)} {...rest} />;
}

export function Textarea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea {...useField()} className={cn(control, 'min-h-20 py-2.5 leading-relaxed', className)} {...rest} />;
}

/** The browser's own select: the best keyboard and phone behaviour there is. */
export function Select({ className, children, ...rest }: ComponentProps<'select'>) {
  return (
    <span className={cn('relative block', className)}>
      <select {...useField()} className={cn(control, 'h-10 appearance-none truncate pr-9')} {...rest}>
        {children}
      </select>
      <svg
        viewBox="0 0 16 16"
        aria-hidden="true"
        className="pointer-events-none absolute top-3 right-3 size-4 text-ink-2"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.75"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        <path d="m4 6 4 4 4-4" />
      </svg>
    </span>
  );
}

type SliderProps = Omit<ComponentProps<'input'>, 'type' | 'value' | 'onChange' | 'min' | 'max'> & {
  value: number;
  min: number;
  max: number;
  onValue: (value: number) => void;
};

export function Slider({ value, min, max, onValue, className, style, ...rest }: SliderProps) {
  const fill = `${((value - min) / (max - min)) * 100}%`;
  return (
    <input
      {...useField()}
      type="range"
      min={min}
      max={max}
      value={value}
      onChange={(event) => onValue(event.target.valueAsNumber)}
      className={cn('range w-full', className)}
      style={{ ...style, ['--fill' as string]: fill }}
      {...rest}
    />
  );
}

/** A tick box with its text; the whole line is the target. */
export function Checkbox({ children, className, ...rest }: Omit<ComponentProps<'input'>, 'type'>) {
  return (
    <label className={cn('flex items-start gap-3 text-sm leading-relaxed', className)}>
      <input type="checkbox" className="mt-0.5 size-[1.15rem] shrink-0 accent-accent" {...rest} />
      <span>{children}</span>
    </label>
  );
}
