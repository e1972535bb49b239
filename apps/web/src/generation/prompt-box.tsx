'use client';

import { countWildcards, LIMITS, MAX_WILDCARD_PROMPTS, PROMPT_EXAMPLE, PROMPT_STYLES } from '@pixgen/domain';
import { cn, useField } from '@pixgen/ui';
import { Check } from 'lucide-react';
import { useTranslations } from 'next-intl';
import type { ComponentProps } from 'react';

/** The trigger word stands in front and cannot be lost: the prompt compiler adds it wherever the subject is meant. */
export function PromptBox({ trigger, ...rest }: ComponentProps<'textarea'> & { trigger: string }) {
  const t = useTranslations('studio');
  return (
    <div className="rounded-control border border-edge bg-surface transition-colors focus-within:outline-2 focus-within:outline-accent focus-within:outline-offset-2 hover:border-ink-2">
      <span
        title={t('pixgenPutsThisIntoEvery')}
        className="mt-3 ml-3 inline-flex rounded-full bg-accent-soft px-2.5 py-0.5 font-mono text-accent-strong text-xs dark:text-accent"
      >
        {trigger}
      </span>
      <textarea
        {...useField()}
        rows={3}
        maxLength={LIMITS.prompt.max}
        placeholder={PROMPT_EXAMPLE}
        className="block w-full resize-y bg-transparent px-3 pt-2 pb-3 text-base leading-relaxed outline-none placeholder:text-ink-2/80"
        {...rest}
      />
    </div>
  );
}

/** What is put behind the prompt, one press each. */
export function StyleChips(props: { chosen: readonly string[]; onChange: (chosen: string[]) => void }) {
  const t = useTranslations('studio');
  const { chosen, onChange } = props;
  return (
    <ul aria-label={t('styles')} className="flex flex-wrap gap-2">
      {PROMPT_STYLES.map(({ id, label, text }) => {
        const on = chosen.includes(id);
        return (
          <li key={id}>
            <button
              type="button"
              aria-pressed={on}
              title={text}
              onClick={() => onChange(on ? chosen.filter((one) => one !== id) : [...chosen, id])}
              className={cn(
                'flex items-center gap-1.5 rounded-full border border-edge/50 px-3 py-1 text-ink-2 text-sm transition-colors hover:border-edge hover:text-ink [&_svg]:size-3.5',
                on && 'border-accent bg-accent-soft text-ink',
              )}
            >
              {on && <Check aria-hidden="true" />}
              {label}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** What a prompt with choices stands for; how to write one, while there are none. */
export function WildcardNote({ prompt }: { prompt: string }) {
  const t = useTranslations('studio');
  const count = countWildcards(prompt);
  if (prompt === '') return null;
  return (
    <p className="text-ink-2 text-xs">
      {count > 1
        ? t('standsForPrompts', {
            count: Math.min(count, MAX_WILDCARD_PROMPTS),
            more: String(count > MAX_WILDCARD_PROMPTS),
          })
        : t.rich('writeChoices', {
            // Braces are signs of the messages themselves.
            example: () => <code className="font-mono">{'{red|blue}'}</code>,
          })}
    </p>
  );
}
