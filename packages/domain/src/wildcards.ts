/**
 * Choices in a prompt: of `{red|blue|}` each image gets one, by its seed. Groups may stand in each other. Braces without
 * a `|` at their own level are text, `{subject}` among them; `\{`, `\|` and `\}` are those signs themselves.
 */

/** A text, or a choice between sequences. */
type Part = string | Part[][];

/** How many prompts one may stand for; more is a slip of the hand. */
export const MAX_WILDCARD_PROMPTS = 10_000;

/**
 * The prompt of one image. Escapes stay as they are, so that what comes out can be ordered again and comes out the same;
 * {@link withoutEscapes} takes them away for whoever reads it.
 */
export function expandWildcards(prompt: string, seed: number): string {
  const random = randomOf(seed);
  const write = (parts: readonly Part[]): string =>
    parts
      .map((part) => {
        if (typeof part === 'string') return part;
        return write(part[Math.floor(random() * part.length)] ?? []);
      })
      .join('');
  return write(parse(prompt));
}

/** How many prompts this one stands for, each choice counted on its own; 1 without any. */
export function countWildcards(prompt: string): number {
  const count = (parts: readonly Part[]): number =>
    parts.reduce<number>(
      (product, part) =>
        typeof part === 'string' ? product : product * part.reduce((sum, one) => sum + count(one), 0),
      1,
    );
  return count(parse(prompt));
}

export function withoutEscapes(prompt: string): string {
  return prompt.replace(/\\([{|}])/g, '$1');
}

function parse(text: string): Part[] {
  const endOf = matchBraces(text);
  const sequence = (from: number, to: number): Part[] => {
    const parts: Part[] = [];
    let plain = '';
    for (let at = from; at < to; at += 1) {
      const end = text[at] === '{' ? endOf.get(at) : undefined;
      if (text[at] === '\\' && at + 1 < to) {
        plain += text.slice(at, at + 2);
        at += 1;
      } else if (end === undefined) plain += text[at];
      else {
        const cuts = barsBetween(text, at + 1, end, endOf);
        parts.push(plain);
        plain = '';
        const ends = [...cuts, end];
        if (cuts.length > 0) parts.push(ends.map((cut, index) => sequence((ends[index - 1] ?? at) + 1, cut)));
        else parts.push('{', ...sequence(at + 1, end), '}');
        at = end;
      }
    }
    parts.push(plain);
    return parts;
  };
  return sequence(0, text.length);
}

/** Where each opened brace is closed; one that never is, is text. */
function matchBraces(text: string): Map<number, number> {
  const open: number[] = [];
  const ends = new Map<number, number>();
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '{') open.push(at);
    else if (text[at] === '}') {
      const start = open.pop();
      if (start !== undefined) ends.set(start, at);
    }
  }
  return ends;
}

/** The bars that divide a group, not those of groups inside it. */
function barsBetween(text: string, from: number, to: number, endOf: ReadonlyMap<number, number>): number[] {
  const bars: number[] = [];
  for (let at = from; at < to; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '{') at = endOf.get(at) ?? at;
    else if (text[at] === '|') bars.push(at);
  }
  return bars;
}

/** Mulberry32: neighbouring seeds choose as differently as distant ones. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
