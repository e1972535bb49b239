import { expect, it } from 'vitest';
import { estimateTokens, PROMPT_STYLES, splitStyles, withStyles } from './prompt-styles.ts';

it('takes a prompt with styles apart into what was put together, whatever the styles', () => {
  for (const first of PROMPT_STYLES) {
    for (const second of PROMPT_STYLES) {
      const sent = withStyles('a portrait, in the rain', [second.id, first.id]);
      const ids = PROMPT_STYLES.filter(({ id }) => id === first.id || id === second.id).map(({ id }) => id);
      expect(splitStyles(sent)).toEqual({ prompt: 'a portrait, in the rain', styles: ids });
      expect(withStyles(sent, ids)).toBe(sent);
    }
  }
  expect(splitStyles('no style at all')).toEqual({ prompt: 'no style at all', styles: [] });
  expect(splitStyles(withStyles('', ['film']))).toEqual({ prompt: '', styles: ['film'] });
});

it('counts tokens at least as high as CLIP does', () => {
  // Counted with openai/clip-vit-large-patch14's tokenizer rules: one token per common word and sign.
  expect(estimateTokens('a photo of a dog, in the rain')).toBe(9);
  expect(estimateTokens('unbelievably photorealistic')).toBeGreaterThanOrEqual(4);
  expect(estimateTokens('日本')).toBe(2);
  expect(estimateTokens('')).toBe(0);
});
