import { z } from 'zod';
import { id, isoTime, page, pageInput, plainText } from './common.ts';
import { type Language, languages } from './languages.ts';
import { LIMITS } from './limits.ts';
import { isMinorClass } from './prompt-safety.ts';
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
/** Minors are among them, so that the age is asked for: a model is made of none ({@link isMinorClass}). */
export const PERSON_WORDS: readonly string[] = [
  'person persons people human humans adult adults individual face faces male female woman women man men lady ladies',
  'gentleman gentlemen guy guys dude bloke chap gal girl boy girls boys me myself self selfie somebody someone',
  'child children kid kids baby babies toddler infant newborn teen teens teenager teenagers youth son daughter',
  'wife husband spouse partner fiance fiancee girlfriend boyfriend lover bride groom widow widower couple family',
  'mother mom mum mama father dad daddy papa parent parents grandmother grandma granny grandfather grandpa',
  'sister brother sibling twin twins cousin aunt uncle niece nephew grandson granddaughter friend neighbor neighbour',
  'colleague coworker employee boss teacher student pupil nurse doctor worker soldier athlete dancer singer musician',
  'actor actress celebrity influencer politician president senior elder',
  // The field asks for plain words, not for English ones.
  'frau mann mensch dame herr femme homme mujer hombre donna uomo mulher homem vrouw',
].flatMap((words) => words.split(' '));
/** Likenesses of people that are things. Faces in their photos prove nothing. */
const FIGURE_WORDS: readonly string[] = [
  'doll dolls puppet marionette figure figurine statue statuette sculpture bust mannequin robot android mask',
  'painting drawing illustration cartoon comic anime avatar character mascot poster icon toy toys lego',
].flatMap((words) => words.split(' '));

/** Subjects that are people need a consent that says so, and are trained with prior preservation. */
export function isPersonClass(classWord: string): boolean {
  return isOneOf(PERSON_WORDS, classWord) || isMinorClass(classWord);
}

/** Whether the subject is made to look like a person and is none. */
export function isFigureClass(classWord: string): boolean {
  return isOneOf(FIGURE_WORDS, classWord) && !isPersonClass(classWord);
}

function isOneOf(words: readonly string[], classWord: string): boolean {
  return classWord.split(' ').some((word) => words.includes(word));
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

/** Said of a class word that means a child or teenager, whatever the consent says. */
export const MINOR_CLASS = say`PixGen makes no models of children or teenagers. Say "woman", "man" or "person" of an adult; name an animal or a thing without such a word.`;

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
  /** Its blurred placeholder; null before it was first delivered. */
  coverThumbhash: z.string().nullable(),
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
