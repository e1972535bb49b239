import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { recipeOfFile, studioPath } from './handed-recipe';

const drawn = new File([readFileSync(new URL('./recipes/drawn.png', import.meta.url))], 'drawn.png');

it('opens the studio with the model that drew the picture, and with any where that one is not there', async () => {
  const recipe = await recipeOfFile(drawn);
  if (!recipe) throw new Error('no recipe');
  const other = { id: 'other', triggerWord: 'sks_zzz777' };
  expect(studioPath(recipe, [other, { id: 'mine', triggerWord: 'sks_abc234' }])).toBe('/studio?model=mine');
  expect(studioPath(recipe, [other])).toBe('/studio');
  expect(studioPath({ ...recipe, triggerWord: null }, [other])).toBe('/studio');
});

it('takes nothing else for a recipe', async () => {
  expect(await recipeOfFile(new File(['Dear reader'], 'letter.png'))).toBeNull();
});
