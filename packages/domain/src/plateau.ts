/** What the likeness of a training's checkpoints says: whether more steps still help, and which one to use. Pure. */

/** Likeness of the samples after `step` steps; null: not scored. */
export type ScoredStep = { step: number; likeness: number | null };

export const PLATEAU = {
  /** Measurements per training, spread evenly over its steps, when it may stop early. */
  rounds: 8,
  /** So many measurements in a row must gain less than `minGain` together. */
  patience: 2,
  /** What counts as a gain over the best before. The samples of one prompt and seed vary by about as much. */
  minGain: 0.02,
  /** Share of the steps before which nothing is called a plateau: at the beginning likeness is flat too. */
  earliest: 0.5,
} as const;

/** The steps at which a training that may stop early measures, the last one left out. */
export function isMeasuredStep(step: number, totalSteps: number): boolean {
  return step > 0 && step < totalSteps && step % Math.max(1, Math.ceil(totalSteps / PLATEAU.rounds)) === 0;
}

/**
 * Whether a training may end at the last of these steps. `gpu/pixgen_gpu/training/plateau.py` is the same rule; both are
 * held to `vectors/plateau.json`.
 *
 * @param scored in order of steps
 */
export function hasPlateaued(scored: readonly ScoredStep[], totalSteps: number): boolean {
  const last = scored.at(-1);
  if (!last || last.step < totalSteps * PLATEAU.earliest) return false;
  const known = scored.flatMap(({ likeness }) => (likeness === null ? [] : [likeness]));
  if (known.length <= PLATEAU.patience) return false;
  const before = Math.max(...known.slice(0, -PLATEAU.patience));
  return Math.max(...known.slice(-PLATEAU.patience)) < before + PLATEAU.minGain;
}

/** Why one is recommended: it is the closest and the last; later ones are hardly closer; later ones are less close. */
export const suggestionCause = ['closest', 'fewer-steps', 'later-no-help'] as const;
export type SuggestionCause = (typeof suggestionCause)[number];
type Suggestion<T> = { best: T; because: SuggestionCause; reason: string };

/**
 * The checkpoint to recommend: of those as good as the best but for `minGain` the one with the fewest steps, since more
 * steps repeat the photos more and follow prompts less.
 *
 * @returns null when fewer than two were scored
 */
export function suggestCheckpoint<T extends ScoredStep>(scored: readonly T[]): Suggestion<T> | null {
  const known = scored.flatMap((one) => (one.likeness === null ? [] : [{ one, likeness: one.likeness }]));
  if (known.length < 2) return null;
  const top = Math.max(...known.map(({ likeness }) => likeness));
  const [first, ...others] = known
    .filter(({ likeness }) => likeness > top - PLATEAU.minGain || likeness === top)
    .toSorted((a, b) => a.one.step - b.one.step);
  if (!first) return null;
  const lastStep = Math.max(...known.map(({ one }) => one.step));
  const because = first.one.step === lastStep ? 'closest' : others.length > 0 ? 'fewer-steps' : 'later-no-help';
  return { best: first.one, because, reason: inEnglish(because, first.likeness) };
}

function inEnglish(because: SuggestionCause, likeness: number): string {
  const start = `Its samples are ${Math.round(likeness * 100)} % as like your photos as these are to each other`;
  switch (because) {
    case 'closest':
      return `${start}, the most of all.`;
    case 'fewer-steps':
      return `${start}. Later ones are hardly closer, and fewer steps leave more freedom to your prompts.`;
    case 'later-no-help':
      return `${start}. No other one comes as close; the steps after it did not help.`;
  }
}
