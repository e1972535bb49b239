import { useTranslations } from 'next-intl';
import type { AutosaveState } from './use-autosave';

/** Says that the draft is kept, or why it is not. */
export function Saved({ state }: { state: AutosaveState }) {
  const t = useTranslations('wizard');
  if (state.name === 'failed') {
    return (
      <p role="alert" className="text-danger text-sm">
        {t('notSaved', { reason: state.reason })}
      </p>
    );
  }
  return (
    <p role="status" className="text-ink-2 text-sm">
      {state.name === 'saving' && t('savingTheDraft')}
      {state.name === 'saved' && t('draftSaved')}
    </p>
  );
}
