/** The pseudo-locale, made from English: for development and tests, never given for a browser's wishes. */
import type { Messages } from './messages';

const ACCENTED = new Map(
  Object.entries({
    a: 'á',
    b: 'ƀ',
    c: 'ç',
    d: 'ð',
    e: 'é',
    f: 'ƒ',
    g: 'ĝ',
    h: 'ĥ',
    i: 'î',
    j: 'ĵ',
    k: 'ķ',
    l: 'ļ',
    m: 'ɱ',
    n: 'ñ',
    o: 'ö',
    p: 'þ',
    q: 'ǫ',
    r: 'ŕ',
    s: 'š',
    t: 'ţ',
    u: 'û',
    v: 'ṽ',
    w: 'ŵ',
    x: 'ẋ',
    y: 'ý',
    z: 'ž',
    A: 'Å',
    B: 'Ɓ',
    C: 'Ç',
    D: 'Ð',
    E: 'É',
    F: 'Ƒ',
    G: 'Ĝ',
    H: 'Ĥ',
    I: 'Î',
    J: 'Ĵ',
    K: 'Ķ',
    L: 'Ļ',
    M: 'Ṁ',
    N: 'Ñ',
    O: 'Ö',
    P: 'Þ',
    Q: 'Ǫ',
    R: 'Ŕ',
    S: 'Š',
    T: 'Ţ',
    U: 'Û',
    V: 'Ṽ',
    W: 'Ŵ',
    X: 'Ẋ',
    Y: 'Ý',
    Z: 'Ž',
  }),
);

/** How much longer a text becomes: what German and Finnish need of short labels. */
const LONGER = 0.4;
const VOWEL = /[aeiouy]/i;

/** Letters get accents, and vowels are doubled until the text is as much longer as it should be; the rest is a tail of dots. */
function stretch(text: string): string {
  let left = Math.ceil([...text].filter((letter) => ACCENTED.has(letter)).length * LONGER);
  const body = [...text].map((letter) => {
    const accented = ACCENTED.get(letter) ?? letter;
    if (left === 0 || !VOWEL.test(letter)) return accented;
    left -= 1;
    return accented + accented;
  });
  return body.join('') + '·'.repeat(left);
}

/**
 * A part of a message as the build compiles it (icu-minify): text, `0` for `#` in a plural, `[name]`,
 * `[name, kind, options]` with the kinds 1 to 3 for choices and others for numbers and dates, or `[tag, ...children]`.
 */
type Part = string | number | readonly unknown[];

function stretchPart(part: Part): Part {
  if (typeof part === 'string') return stretch(part);
  if (typeof part === 'number' || part.length === 1) return part;
  const [name, kind, ...rest] = part;
  if (typeof kind !== 'number' || kind === 0) return [name, ...(part.slice(1) as Part[]).map(stretchPart)];
  if (kind > 3) return part;
  const choices = Object.entries(rest[0] as Record<string, Part>);
  return [name, kind, Object.fromEntries(choices.map(([when, branch]) => [when, stretchBranch(branch)]))];
}

const stretchBranch = (branch: Part): Part =>
  Array.isArray(branch) ? (branch as Part[]).map(stretchPart) : stretchPart(branch);

/** One compiled message: accents, {@link LONGER}, and brackets that show where it is cut off. Placeholders and tags stay. */
export function pseudoMessage(message: string | readonly Part[]): string | Part[] {
  if (typeof message === 'string') return `[${stretch(message)}]`;
  return ['[', ...message.map(stretchPart), ']'];
}

function pseudoTree(tree: unknown): unknown {
  if (typeof tree === 'string' || Array.isArray(tree)) return pseudoMessage(tree);
  return Object.fromEntries(Object.entries(tree as object).map(([key, value]) => [key, pseudoTree(value)]));
}

/** @param english as the build compiles it, whatever its type says */
export const pseudoMessages = (english: Messages): Messages => pseudoTree(english) as Messages;
