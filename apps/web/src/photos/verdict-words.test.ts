import { PHOTO_REFUSALS, PHOTO_WARNINGS, type PhotoRefusalCode, type PhotoWarning } from '@pixgen/domain';
import { lookAt } from '@pixgen/domain/photo-check';
import { expect, it } from 'vitest';
import { english } from '../language/testing';
import { adviceWords, faultWords, refusalWords } from './verdict-words';

const t = english('photos');

it('says of a photo in English what the API says of it', () => {
  for (const [code, sentence] of Object.entries(PHOTO_REFUSALS))
    expect(refusalWords(t, code as PhotoRefusalCode)).toBe(sentence);
  for (const [code, sentence] of Object.entries(PHOTO_WARNINGS))
    expect(t(`hints.${code as PhotoWarning}`)).toBe(sentence);
});

it('names the numbers of a photo that is too small', () => {
  const look = lookAt(new Uint8Array(30 * 20 * 3), 30, 20, 3);
  expect(faultWords(t, 'TOO_SMALL', look, 128)).toBe(
    'The photo is 30 × 20 pixels; each side needs 32. Add the original.',
  );
});

it('gives advice on people and on things in their own words', () => {
  expect(adviceWords(t, { code: 'FEW', count: 1, good: 10 }, true)).toContain('1 photo so far; 10 to 15');
  expect(adviceWords(t, { code: 'FEW', count: 6, good: 10 }, true)).toContain('half profiles');
  expect(adviceWords(t, { code: 'ALIKE', count: 4 }, false)).toContain('other sides');
  expect(adviceWords(t, { code: 'FROM_THE_SIDE', front: 9, missing: 2 }, true)).toBe(
    '9 photos show the face from the front. Add 2 from the side.',
  );
});
