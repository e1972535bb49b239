/**
 * Turns a person's prompt or a pack's template into the text the model sees: trigger word and class word exactly once,
 * next to each other, whatever the input held.
 */

/** Stands where the subject is named; cannot be typed, since control characters are dropped first. */
const MARK = '\u0000';

/**
 * The subject lands at the first `{subject}`; else where the person typed a trigger word; else at the first mention of
 * the class word; else in front. Later mentions become a plain noun, since a repeated trigger or class word distorts
 * the likeness.
 *
 * @param template a prompt or pack template
 * @returns one line of text holding `triggerWord classWord` exactly once
 */
export function compilePrompt(template: string, subject: { triggerWord: string; classWord: string }): string {
  const classWord = subject.classWord.toLowerCase();
  const classPattern = wholeWord(classWord);
  const typedTrigger = new RegExp(
    `(?<![\\p{L}\\p{N}_])sks_[a-z2-7]{6}(?:\\s+${escapeRegExp(classWord)})?(?![\\p{L}\\p{N}_])`,
    'giu',
  );
  let text = template
    .normalize('NFC')
    .replace(/\p{Cc}/gu, ' ')
    .replace(/\{subject\}/giu, MARK)
    .replace(typedTrigger, MARK);
  if (!text.includes(MARK)) text = text.replace(classPattern, MARK);
  const again = classWord === 'subject' ? 'figure' : 'subject';
  text = text.replace(wholeWord(classWord, 'giu'), again);
  const at = text.indexOf(MARK);
  const phrase = `${subject.triggerWord} ${classWord}`;
  if (at < 0) return tidy(`${phrase}, ${text.replace(/^[\s,.;:]+/u, '')}`);
  return tidy(text.slice(0, at) + phrase + text.slice(at + 1).replaceAll(MARK, again));
}

function wholeWord(word: string, flags = 'iu'): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_])${escapeRegExp(word)}(?![\\p{L}\\p{N}_])`, flags);
}

function tidy(text: string): string {
  return text.replace(/\s+/gu, ' ').trim().replace(/,$/u, '');
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
