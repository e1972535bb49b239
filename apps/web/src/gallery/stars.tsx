'use client';

import { cn } from '@pixgen/ui';
import { Star } from 'lucide-react';

const STARS = [1, 2, 3, 4, 5] as const;

/** One to five; pressing the present rating takes it away. */
export function Stars(props: { value: number | null; onValue: (value: number | null) => void; className?: string }) {
  return (
    <fieldset className={cn('inline-flex', props.className)}>
      <legend className="sr-only">Rating</legend>
      {STARS.map((star) => (
        <button
          key={star}
          type="button"
          aria-label={`Rate ${star} of 5`}
          aria-pressed={props.value === star}
          title={`Rate ${star} of 5 (${star})`}
          onClick={() => props.onValue(props.value === star ? null : star)}
          className="grid size-8 place-items-center rounded-control hover:bg-sunken"
        >
          <Star
            aria-hidden="true"
            className={cn('size-[1.15rem]', (props.value ?? 0) >= star ? 'fill-accent text-accent' : 'text-ink-2')}
          />
        </button>
      ))}
    </fieldset>
  );
}
