/**
 * Sentences for callers. They stand in English where they are needed; other languages know them by their template, the
 * text with {0}, {1} in place of its values, as gettext does.
 */

/** What stands in a sentence: a number, a name that nobody translates, or words that are translated themselves. */
export type SentenceValue = string | number | Sentence;

export class Sentence {
  /** E.g. `At most {0} photos.` */
  readonly template: string;
  readonly values: readonly SentenceValue[];

  constructor(template: string, values: readonly SentenceValue[] = []) {
    this.template = template;
    this.values = values;
  }

  /** In English. */
  toString(): string {
    return fillIn(this.template, this.values.map(String));
  }
}

/** @returns the sentence of a template string: say`At most ${max} photos.` */
export function say(texts: TemplateStringsArray, ...values: SentenceValue[]): Sentence {
  return new Sentence(texts.map((text, at) => (at === 0 ? text : `{${at - 1}}${text}`)).join(''), values);
}

/** The words of schemas' rules, which zod keeps as strings only. */
const rules = new Map<string, Sentence>();

/** @returns what a schema says when its rule is broken */
export function rule(sentence: Sentence): string {
  rules.set(String(sentence), sentence);
  return String(sentence);
}

/** The sentence behind the words of a {@link rule}. */
export function ruleOf(words: string): Sentence | undefined {
  return rules.get(words);
}

/** @param values in place of {0}, {1}, …, in whatever order the template has them */
export function fillIn(template: string, values: readonly string[]): string {
  return template.replace(/\{(\d)\}/g, (place, at: string) => values[Number(at)] ?? place);
}
