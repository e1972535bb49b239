import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from './limits.ts';
import { countWildcards, expandWildcards, withoutEscapes } from './wildcards.ts';

const seed = fc.integer({ min: 0, max: LIMITS.maxSeed });
/** Anything a person may type, with many of the signs that mean something. */
const typed = fc
  .array(fc.oneof(fc.constantFrom('{', '|', '}', '\\', '{subject}', 'a', ' '), fc.string({ maxLength: 3 })), {
    maxLength: 40,
  })
  .map((parts) => parts.join(''));

const all = (prompt: string) => new Set(Array.from({ length: 400 }, (_, at) => expandWildcards(prompt, at)));

describe('wildcards', () => {
  it.each([
    ['a {red|blue} hat', ['a blue hat', 'a red hat'], 2],
    ['{a|b}{c|d}', ['ac', 'ad', 'bc', 'bd'], 4],
    ['{a|{b|c} d|}', ['', 'a', 'b d', 'c d'], 4],
    ['{subject} in {rain|snow}', ['{subject} in rain', '{subject} in snow'], 2],
    ['{{subject} alone|nobody}', ['nobody', '{subject} alone'], 2],
    ['{just braces} and | a bar', ['{just braces} and | a bar'], 1],
    ['{open {a|b}', ['{open a', '{open b'], 2],
    ['a} b|c', ['a} b|c'], 1],
    [String.raw`\{a|b\} {c\|d|e}`, [String.raw`\{a|b\} c\|d`, String.raw`\{a|b\} e`], 2],
  ])('%j stands for %j', (prompt, prompts, count) => {
    expect([...all(prompt)].toSorted()).toEqual(prompts.toSorted());
    expect(countWildcards(prompt)).toBe(count);
  });

  it('choose by the seed alone, so that an image can be drawn again', () => {
    fc.assert(
      fc.property(typed, seed, (prompt, by) => {
        const once = expandWildcards(prompt, by);
        expect(expandWildcards(prompt, by)).toBe(once);
      }),
    );
  });

  it('leave nothing to choose: what came out, ordered again with any seed, comes out the same', () => {
    fc.assert(
      fc.property(typed, seed, seed, (prompt, first, second) => {
        const once = expandWildcards(prompt, first);
        expect(expandWildcards(once, second)).toBe(once);
        expect(countWildcards(once)).toBe(1);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never make a prompt longer, and touch none without a choice', () => {
    fc.assert(
      fc.property(typed, seed, (prompt, by) => {
        const out = expandWildcards(prompt, by);
        expect(out.length).toBeLessThanOrEqual(prompt.length);
        if (countWildcards(prompt) === 1 && !/\{[^{}]*\|/.test(prompt)) expect(out).toBe(prompt);
      }),
    );
  });

  it('give every choice its chance among neighbouring seeds', () => {
    const hats = Array.from({ length: 3_000 }, (_, at) => expandWildcards('{a|b|c}', 1_000 + at));
    for (const hat of ['a', 'b', 'c']) expect(hats.filter((one) => one === hat).length).toBeGreaterThan(850);
  });

  it('read as what was meant once escapes are taken away', () => {
    expect(withoutEscapes(String.raw`\{a\|b\} \n`)).toBe(String.raw`{a|b} \n`);
  });

  it('are counted and expanded at once, however they are nested', () => {
    const deep = `${'{'.repeat(330)}a${'|b}'.repeat(330)}`;
    expect(countWildcards(deep)).toBe(331);
    expect(countWildcards('{a|b}'.repeat(200))).toBeGreaterThan(1e50);
    expect(expandWildcards(deep, 5)).toMatch(/^[ab]$/);
  });
});
