/** Sentences in the language of whoever reads them. */
import { AppError, DEFAULT_LANGUAGE, type FieldIssue, fillIn, type Language, Sentence } from '@pixgen/domain';
import { GERMAN } from './de.ts';
import { InputFault } from './input-fault.ts';

type Told = Exclude<Language, typeof DEFAULT_LANGUAGE>;
/** Templates in other languages, by the English one. */
export const CATALOGUES: Record<Told, Readonly<Record<string, string>>> = { de: GERMAN };
const NUMBERS = { de: new Intl.NumberFormat('de') } satisfies Record<Told, Intl.NumberFormat>;

/** A sentence that a language does not know is told in English. */
export function tell(sentence: Sentence, language: Language): string {
  if (language === DEFAULT_LANGUAGE) return String(sentence);
  if (sentence instanceof InputFault) return sentence.tellIn(language);
  const values = sentence.values.map((value) => {
    if (typeof value === 'number') return NUMBERS[language].format(value);
    return typeof value === 'string' ? value : tell(value, language);
  });
  return fillIn(CATALOGUES[language][sentence.template] ?? sentence.template, values);
}

/** What a caller is told of an error: the shape of REST's `error`, and part of tRPC's. */
export function tellError(
  { code, sentence, fields }: AppError,
  language: Language,
): { code: AppError['code']; message: string; fields: FieldIssue[] } {
  return {
    code,
    message: tell(sentence, language),
    fields: fields.map(({ path, message }) => ({ path, message: tell(message, language) })),
  };
}

/** The same error with its sentence as it is told in a language, for where nobody asks for one later. */
export function toldIn(error: AppError, language: Language): AppError {
  const { message, fields } = tellError(error, language);
  return new AppError(error.code, new Sentence(message), {
    cause: error.cause,
    fields: fields.map((field) => ({ path: field.path, message: new Sentence(field.message) })),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  });
}
