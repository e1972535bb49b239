import { expect, it } from 'vitest';
import { pickLocale } from './locales';

it.each([
  ['nothing', undefined, null, 'en'],
  ['a wish', undefined, 'de', 'de'],
  ['a wish of a region', undefined, 'de-AT,en;q=0.8', 'de'],
  ['the better of two wishes, whatever their order', undefined, 'en;q=0.5, de;q=0.9', 'de'],
  ['the first of equal wishes', undefined, 'en-US,de', 'en'],
  ['wishes that there are not', undefined, 'fr-FR,it;q=0.9', 'en'],
  ['the wish after one that there is not', undefined, 'fr,de;q=0.3,en;q=0.2', 'de'],
  ['a refusal', undefined, 'de;q=0,en;q=0.1', 'en'],
  ['nonsense', undefined, ';;q=,,x=1', 'en'],
  ['a choice, whatever is wished', 'en', 'de', 'en'],
  ['a choice that there is not', 'toString', 'de', 'de'],
  ['the pseudo-locale where it is off', 'en-XA', 'de', 'de'],
])('answers %s', (_, chosen, accepted, locale) => {
  expect(pickLocale(chosen, accepted, false)).toBe(locale);
});

it('gives the pseudo-locale only to those who choose it, where it is on', () => {
  expect(pickLocale('en-XA', 'de', true)).toBe('en-XA');
  expect(pickLocale(undefined, 'en-XA', true)).toBe('en');
});
