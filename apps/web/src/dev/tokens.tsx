/** The colour tokens and steps of type, as they look. */

const PAIRS = [
  ['bg-paper text-ink', 'ink on paper'],
  ['bg-paper text-ink-2', 'ink-2 on paper'],
  ['bg-surface text-ink', 'ink on surface'],
  ['bg-sunken text-ink-2', 'ink-2 on sunken'],
  ['bg-surface text-accent', 'accent on surface'],
  ['bg-accent text-accent-ink', 'accent-ink on accent'],
  ['bg-accent-strong text-accent-ink', 'accent-ink on accent-strong'],
  ['bg-accent-soft text-ink', 'ink on accent-soft'],
  ['bg-danger text-danger-ink', 'danger-ink on danger'],
  ['bg-danger-soft text-danger', 'danger on danger-soft'],
  ['bg-good-soft text-good', 'good on good-soft'],
  ['bg-warn-soft text-warn', 'warn on warn-soft'],
] as const;

export function Colours() {
  return (
    <ul className="grid grid-cols-2 gap-3 sm:grid-cols-3">
      {PAIRS.map(([look, words]) => (
        <li key={words} className={`rounded-control border border-line px-4 py-5 text-sm ${look}`}>
          {words}
        </li>
      ))}
    </ul>
  );
}

const STEPS = [
  ['font-display text-4xl leading-tight tracking-[-0.02em] sm:text-5xl', 'Display'],
  ['font-semibold text-[1.75rem] leading-tight tracking-[-0.022em] sm:text-[2.125rem]', 'Page'],
  ['font-semibold text-lg tracking-[-0.01em]', 'Section'],
  ['text-base', 'Body'],
  ['text-sm', 'Control, list, hint'],
  ['text-xs', 'Badge, fine print'],
  ['font-mono text-xs', 'Trigger word, seed, code'],
] as const;

export function TypeScale() {
  return (
    <ul className="grid gap-3">
      {STEPS.map(([look, words]) => (
        <li key={words} className={look}>
          {words}
        </li>
      ))}
    </ul>
  );
}
