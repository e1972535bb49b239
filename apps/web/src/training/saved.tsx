import type { AutosaveState } from './use-autosave';

/** Says that the draft is kept, or why it is not. */
export function Saved({ state }: { state: AutosaveState }) {
  if (state.name === 'failed') {
    return (
      <p role="alert" className="text-danger text-sm">
        Not saved: {state.reason}
      </p>
    );
  }
  return (
    <p role="status" className="text-ink-2 text-sm">
      {state.name === 'saving' && 'Saving the draft'}
      {state.name === 'saved' && 'Draft saved'}
    </p>
  );
}
