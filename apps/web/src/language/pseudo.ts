/** The pseudo-locale, made from English: for development and tests, never given for a browser's wishes. */
import { type MessageFormatElement, parse, TYPE } from '@formatjs/icu-messageformat-parser';
import { printAST } from '@formatjs/icu-messageformat-parser/printer.js';
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
); // prettier-ignore

/** How much longer a text becomes: what German and Finnish need of short labels. */
const LONGER = 0.4;
const VOWEL = /[aeiouy]/i;

/** Letters get accents, and vowels are doubled until the text is as much longer as it should be; the rest is a tail of dots. */
function stretch(text: string): string {
  const letters = [...text].filter((letter) => ACCENTED.has(letter)).length;
  let left = Math.ceil(letters * LONGER);
  const body = [...text].map((letter) => {
    const accented = ACCENTED.get(letter) ?? letter;
    if (left === 0 || !VOWEL.test(letter)) return accented;
    left -= 1;
    return accented + accented;
  });
  return body.join('') + '·'.repeat(left);
}

function stretchAll(elements: readonly MessageFormatElement[]): MessageFormatElement[] {
  return elements.map((element) => {
    if (element.type === TYPE.literal) return { ...element, value: stretch(element.value) };
    if (element.type === TYPE.tag) return { ...element, children: stretchAll(element.children) };
    if (element.type !== TYPE.plural && element.type !== TYPE.select) return element;
    const options = Object.entries(element.options);
    const stretched = options.map(([name, one]) => [name, { ...one, value: stretchAll(one.value) }]);
    return { ...element, options: Object.fromEntries(stretched) };
  });
}

/** One message: accents, {@link LONGER}, and brackets that show where it is cut off. Placeholders and tags stay. */
export function pseudoMessage(message: string): string {
  return `[${printAST(stretchAll(parse(message)))}]`;
}

function pseudoTree<T>(tree: T): T {
  if (typeof tree === 'string') return pseudoMessage(tree) as T;
  return Object.fromEntries(Object.entries(tree as object).map(([key, value]) => [key, pseudoTree(value)])) as T;
}

export const pseudoMessages = (english: Messages): Messages => pseudoTree(english);
