'use client';

import { estimateTokens, PROMPT_TOKENS, withStyles } from '@pixgen/domain';
import { useTranslations } from 'next-intl';

/** Says so when the model will not read the end of the prompt. */
export default function TokenWarning(props: { prompt: string; styles: readonly string[] }) {
  const t = useTranslations('studio');
  // A trigger word is no word that the vocabulary knows: it takes about one token per letter or two.
  const tokens = estimateTokens(withStyles(props.prompt, props.styles)) + TRIGGER_TOKENS;
  if (tokens <= PROMPT_TOKENS) return null;
  return (
    <p role="status" className="text-sm text-warn">
      {t('aboutTokensTheBaseModel', { tokens, most: PROMPT_TOKENS })}
    </p>
  );
}

const TRIGGER_TOKENS = 8;
