import { cn } from './cn.ts';

/**
 * A bar for work in steps. `value` runs from 0 to 1; null means that nobody knows yet.
 *
 * @param props.label what is under way; the accessible name
 * @param props.text the same state in words, e.g. "step 12 of 60"
 */
export function Progress(props: { label: string; value: number | null; text?: string; className?: string }) {
  const percent = props.value === null ? null : Math.round(Math.min(Math.max(props.value, 0), 1) * 100);
  return (
    <div
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      aria-valuetext={props.text}
      className={cn('h-1.5 overflow-hidden rounded-full bg-line', props.className)}
    >
      <div
        className={cn(
          'h-full rounded-full bg-accent transition-[width] duration-500 ease-out',
          percent === null && 'w-1/3 animate-breathe',
        )}
        style={percent === null ? undefined : { width: `${percent}%` }}
      />
    </div>
  );
}
