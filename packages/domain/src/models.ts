import { z } from 'zod';
import { id, isoTime, page, pageInput, plainText } from './common.ts';
import { type Language, languages } from './languages.ts';
import { LIMITS } from './limits.ts';
import { rule, say } from './sentence.ts';
import { trainingPlan } from './training.ts';

export const modelState = z.enum(['draft', 'training', 'ready', 'failed']);

/** What the subject is. One or two plain words: they stand in every prompt next to the trigger word. */
export const CLASS_WORD = /^[a-z]{2,20}( [a-z]{2,20})?$/;
export const classWord = z
  .string()
  .trim()
  .toLowerCase()
  .regex(CLASS_WORD, rule(say`Use one or two plain words, such as "woman" or "dog".`));
export const CLASS_WORDS = ['person', 'woman', 'man', 'dog', 'cat', 'toy', 'car', 'product'] as const;
export const PERSON_WORDS: readonly string[] = [
  ...['person', 'people', 'human', 'face', 'woman', 'man', 'girl', 'boy', 'lady', 'gentleman', 'guy'],
  ...['bride', 'groom', 'actor', 'actress'],
];

/** Subjects that are people need a consent that says so, and are trained with prior preservation. */
export function isPersonClass(classWord: string): boolean {
  return classWord.split(' ').some((word) => PERSON_WORDS.includes(word));
}

export const consentSubject = z.enum(['self', 'permitted', 'not-a-person']);

export const CONSENT = {
  version: '2026-11-1',
  /** The words a person agrees to; a change needs a new version. */
  text: {
    en: {
      self: 'These are photos of me. I am 18 or older, and I want PixGen to train a model of my likeness from them.',
      permitted:
        'These are photos of an adult who has clearly agreed that I train a model of their likeness and make images of them.',
      'not-a-person': 'No person can be recognised in these photos, and I have the right to use them.',
    },
    de: {
      self: 'Das sind Fotos von mir. Ich bin 18 oder älter, und ich will, dass PixGen daraus ein Modell von mir trainiert, das mir gleicht.',
      permitted:
        'Das sind Fotos einer erwachsenen Person, die klar zugestimmt hat, dass ich ein Modell trainiere, das ihr gleicht, und Bilder von ihr mache.',
      'not-a-person': 'Auf diesen Fotos ist kein Mensch zu erkennen, und ich darf sie verwenden.',
    },
  },
} as const satisfies { version: string; text: Record<Language, Record<z.infer<typeof consentSubject>, string>> };
/** Said to whoever declares a younger subject; nothing of it is stored. */
export const UNDER_AGE = say`PixGen makes no models of people under ${LIMITS.subjectAge.min}, whoever asks.`;

/** Whether a consent covers a training: its text is the current one, and it is the statement about people for a person. */
export function consentStands(
  consent: { subject: z.infer<typeof consentSubject>; textVersion: string } | null,
  classWord: string,
): boolean {
  if (consent === null || consent.textVersion !== CONSENT.version) return false;
  return !(isPersonClass(classWord) && consent.subject === 'not-a-person');
}

export const consentInput = z.strictObject({
  subject: consentSubject,
  /** The person ticked the box under the text of this version. */
  accepted: z.literal(true, { error: rule(say`Confirm the statement to go on.`) }),
  /** The subject is 18 or older (always true for things and animals). */
  adult: z.literal(true, { error: rule(UNDER_AGE) }),
  textVersion: z.literal(CONSENT.version),
  /** In which it was read: the record keeps the hash of that text. */
  language: z.enum(languages).optional(),
});
export type ConsentInput = z.infer<typeof consentInput>;

export const createModelInput = z.strictObject({
  name: plainText(LIMITS.name.min, LIMITS.name.max),
  classWord,
  consent: consentInput.optional(),
});
export type CreateModelInput = z.infer<typeof createModelInput>;

export const updateModelInput = z.strictObject({
  id,
  name: plainText(LIMITS.name.min, LIMITS.name.max).optional(),
  classWord: classWord.optional(),
  consent: consentInput.optional(),
  /** The draft's settings so far. */
  plan: trainingPlan.optional(),
});
export type UpdateModelInput = z.infer<typeof updateModelInput>;

export const modelView = z.object({
  id,
  name: z.string(),
  classWord: z.string(),
  triggerWord: z.string(),
  state: modelState,
  consent: z.object({ subject: consentSubject, textVersion: z.string(), at: isoTime }).nullable(),
  /** What the wizard's settings step says so far; null: nothing was chosen yet. */
  plan: trainingPlan.nullable(),
  photoCounts: z.object({ ready: z.int(), pending: z.int(), refused: z.int() }),
  /** The training that matters now: the running one, else the newest. */
  trainingId: id.nullable(),
  /** What images are drawn with: what was chosen, else the newest; null before the first training succeeded. */
  weightsId: id.nullable(),
  coverImageId: id.nullable(),
  /** When the photos that were trained from are erased by themselves; null: not, or there are none. */
  photosErasedAt: isoTime.nullable(),
  createdAt: isoTime,
  updatedAt: isoTime,
  deletedAt: isoTime.nullable(),
});
export type ModelView = z.infer<typeof modelView>;
export const modelPage = page(modelView);
export const listModelsInput = pageInput.extend({
  state: modelState.optional(),
  /** Only those that were deleted in the last 30 days. */
  deleted: z.stringbool().or(z.boolean()).optional(),
});
