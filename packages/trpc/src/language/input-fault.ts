/** What a schema says of one field, in every language. */
import { DEFAULT_LANGUAGE, type Language, ruleOf, Sentence } from '@pixgen/domain';
import { z } from 'zod';

type Told = Exclude<Language, typeof DEFAULT_LANGUAGE>;
/** zod's own words for its own rules. */
const RULES: Record<Told, z.core.$ZodErrorMap> = { de: z.locales.de().localeError };
/** Instead of zod's, which say what came; of an issue that is kept nobody knows that any more. */
const WRONG_TYPE: Record<Told, string> = { de: 'Ungültige Eingabe: erwartet {0}' };

/** @returns the sentence of a rule with words of its own, else one that knows zod's words in all languages */
export function inputFault(issue: z.core.$ZodIssue): Sentence {
  return ruleOf(issue.message) ?? new InputFault(issue);
}

export class InputFault extends Sentence {
  readonly #issue: z.core.$ZodIssue;

  constructor(issue: z.core.$ZodIssue) {
    super(issue.message);
    this.#issue = issue;
  }

  tellIn(language: Language): string {
    if (language === DEFAULT_LANGUAGE) return String(this);
    if (this.#issue.code === 'invalid_type') return WRONG_TYPE[language].replace('{0}', this.#issue.expected);
    const told = RULES[language](this.#issue as z.core.$ZodRawIssue);
    return (typeof told === 'string' ? told : told?.message) ?? String(this);
  }
}
