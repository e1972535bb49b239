import type { ImageDetailView } from '@pixgen/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { english } from '../language/testing';
import { diffWords, recipeDiff } from './recipe-diff';

const image = {
  modelId: 'm',
  modelName: 'Rex',
  prompt: 'a dog in the rain',
  seed: 1,
  width: 8,
  height: 8,
  pack: null,
  settings: { negativePrompt: '', steps: 20, guidance: 5, loraWeight: 1 },
} as ImageDetailView;

describe('the comparison of two recipes', () => {
  it('marks what differs, and two models of one name as two', () => {
    const other = { ...image, seed: 2, modelId: 'n', settings: { ...image.settings, negativePrompt: 'blur' } };
    const differing = recipeDiff(english('gallery'), image, other).filter((row) => row.differs);
    expect(differing.map((row) => row.part)).toEqual(['negative', 'model', 'seed']);
    expect(recipeDiff(english('gallery'), image, image).some((row) => row.differs)).toBe(false);
  });

  it('splits prompts into pieces that together are the prompts, with the same text left unmarked', () => {
    const text = fc
      .array(fc.constantFrom('dog', 'cat', 'rain', ', ', ' ', 'in'), { maxLength: 30 })
      .map((all) => all.join(' '));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const pieces = diffWords(a, b);
        const whole = (side: 'a' | 'b') => pieces[side].map((piece) => piece.text).join('');
        const shared = (side: 'a' | 'b') => pieces[side].flatMap((piece) => (piece.own ? [] : piece.text)).join('');
        expect([whole('a'), whole('b')]).toEqual([a, b]);
        expect(shared('a')).toBe(shared('b'));
        if (a === b) expect(pieces.a.every((piece) => !piece.own)).toBe(true);
      }),
      { seed: 6 },
    );
    expect(diffWords('a red dog', 'a blue dog').b).toEqual([
      { text: 'a ', own: false },
      { text: 'blue', own: true },
      { text: ' dog', own: false },
    ]);
  });
});
