import { expect, it } from 'vitest';
import { fillIn, rule, ruleOf, say } from './sentence.ts';

it('reads as written, and keeps its template and values for other languages', () => {
  const sentence = say`Use at most ${20} photos; there are ${'many'}.`;
  expect(String(sentence)).toBe('Use at most 20 photos; there are many.');
  expect(sentence.template).toBe('Use at most {0} photos; there are {1}.');
  expect(sentence.values).toEqual([20, 'many']);
});

it('holds other sentences', () => {
  expect(String(say`${'name'}: ${say`at most ${5}`}`)).toBe('name: at most 5');
});

it('puts a value with braces in as it is', () => {
  expect(String(say`Take out “${'{1}'}”, ${'ada'}.`)).toBe('Take out “{1}”, ada.');
  expect(fillIn('{1} {0} {2}', ['a', 'b'])).toBe('b a {2}');
});

it('is found again by the words that a schema was given', () => {
  const sentence = say`At most ${3} of these.`;
  expect(ruleOf(rule(sentence))).toBe(sentence);
  expect(ruleOf('never said')).toBeUndefined();
});
