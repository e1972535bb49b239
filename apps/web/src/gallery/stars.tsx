'use client';

import { cn } from '@pixgen/ui';
import { Star } from 'lucide-react';
import { useTranslations } from 'next-intl';

const STARS = [1, 2, 3, 4, 5] as const;

/** One to five; pressing the present rating takes it away. */
export function Stars(props: { value: number | null; onValue: (value: number | null) => void; className?: string }) {
  const t = useTranslations('gallery');
  return (
    <fieldset className={cn('inline-flex', props.className)}>
      <legend className="sr-only">{t('rating')}</legend>
      {STARS.map((star) => (
        <button
          key={star}
          type="button"
          aria-label={t('rateOf5', { star })}
          aria-pressed={props.value === star}
          title={t('rateOf5WithKey', { star })}
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
