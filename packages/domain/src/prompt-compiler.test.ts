import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePrompt } from './prompt-compiler.ts';

const subject = { triggerWord: 'sks_abc234', classWord: 'dog' };
const count = (text: string, word: string) =>
  text.split(new RegExp(`(?<![\\p{L}\\p{N}_])${word}(?![\\p{L}\\p{N}_])`, 'iu')).length - 1;

describe('compilePrompt', () => {
  it.each([
    ['a portrait of {subject} in the rain', 'a portrait of sks_abc234 dog in the rain'],
    ['in the rain', 'sks_abc234 dog, in the rain'],
    ['a dog in the rain', 'a sks_abc234 dog in the rain'],
    ['sks_abc234 in the rain', 'sks_abc234 dog in the rain'],
    ['sks_zzzzzz dog, sks_abc234', 'sks_abc234 dog, subject'],
    ['{subject} and {subject}', 'sks_abc234 dog and subject'],
    ['{subject}, a Dog with a hat', 'sks_abc234 dog, a subject with a hat'],
    ['dogma and hotdog', 'sks_abc234 dog, dogma and hotdog'],
  ])('places the subject of %j', (template, compiled) => {
    expect(compilePrompt(template, subject)).toBe(compiled);
  });

  it('names trigger and class word exactly once in whatever a person writes', () => {
    const word = fc.constantFrom(
      '{subject}',
      '{SUBJECT}',
      'dog',
      'Dog,',
      'sks_abc234',
      'sks_qqqqqq',
      'sks_abc234 dog',
      'rain',
      'hotdog',
      '$&',
      '\u0000',
      ' , ',
      '(dog)',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 12 }), (words) => {
        const compiled = compilePrompt(words.join(' '), subject);
        expect(count(compiled, 'sks_abc234 dog')).toBe(1);
        expect(count(compiled, 'sks_abc234')).toBe(1);
        expect(count(compiled, 'dog')).toBe(1);
      }),
      { seed: 20261122, numRuns: 2000 },
    );
  });
});
