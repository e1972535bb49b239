import 'server-only';
import { CLASS_WORD, CLASS_WORDS, CONSENT, LIMITS, PERSON_WORDS } from '@pixgen/domain';

/** What the subject form offers, handed to it as data: the domain's schemas stay out of the browser. */
export const SUBJECT_CHOICES = {
  words: [...CLASS_WORDS],
  people: PERSON_WORDS,
  consentText: CONSENT.text,
  consentVersion: CONSENT.version,
  pattern: CLASS_WORD.source,
  minAge: LIMITS.subjectAge.min,
};
export type SubjectChoices = typeof SUBJECT_CHOICES;

/** The statement about the sample subject, with its version. */
export const SAMPLE_STATEMENT = {
  consentVersion: CONSENT.version,
  statement: { en: CONSENT.text.en['not-a-person'], de: CONSENT.text.de['not-a-person'] },
};
