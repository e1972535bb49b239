'use client';

import { type ReactNode, useId } from 'react';
import { cn } from './cn.ts';
import { useField } from './field.tsx';

/** One choice out of a few, as radio buttons that look like one control. */
export function Segmented<T extends string>(props: {
  label: string;
  value: T;
  options: readonly { value: T; label: ReactNode }[];
  onValue: (value: T) => void;
  className?: string;
}) {
  const name = useId();
  const { 'aria-describedby': describedBy } = useField();
  return (
    <fieldset
      aria-describedby={describedBy}
      className={cn('inline-flex max-w-full flex-wrap rounded-control bg-sunken p-1', props.className)}
    >
      <legend className="sr-only">{props.label}</legend>
      {props.options.map((option) => (
        <label
          key={option.value}
          className="relative flex h-8 flex-1 items-center justify-center gap-1.5 whitespace-nowrap rounded-[6px] px-3 text-ink-2 text-sm transition-colors hover:text-ink has-checked:bg-surface has-checked:font-medium has-checked:text-ink has-checked:shadow-lift has-focus-visible:outline-2 has-focus-visible:outline-accent dark:has-checked:bg-line [&_svg]:size-4"
        >
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === props.value}
            onChange={() => props.onValue(option.value)}
            className="absolute inset-0 size-full cursor-pointer opacity-0"
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
