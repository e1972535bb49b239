/** A recipe on its way to the studio, from wherever its file was dropped. It stays in this tab. */
import type { FileRecipe } from './read-recipe';

const STORAGE = 'pixgen-recipe';
const MAX_BYTES = 64 * 1024 * 1024;

/** @returns null for a file that is no picture of PixGen's */
export async function recipeOfFile(file: File): Promise<FileRecipe | null> {
  if (file.size > MAX_BYTES) return null;
  const { readRecipe } = await import('./read-recipe');
  return readRecipe(new Uint8Array(await file.arrayBuffer()));
}

/** The studio's address for a recipe: with the model that drew it, where it is among these. */
export function studioPath(recipe: FileRecipe, models: readonly { id: string; triggerWord: string }[]): string {
  const model = models.find(({ triggerWord }) => triggerWord === recipe.triggerWord);
  return model ? `/studio?model=${model.id}` : '/studio';
}

export function handRecipe(recipe: FileRecipe): void {
  try {
    sessionStorage.setItem(STORAGE, JSON.stringify(recipe));
  } catch {}
}

/** Takes what was handed over, once. */
export function takeRecipe(): FileRecipe | null {
  try {
    const text = sessionStorage.getItem(STORAGE);
    sessionStorage.removeItem(STORAGE);
    return text === null ? null : (JSON.parse(text) as FileRecipe);
  } catch {
    return null;
  }
}
