/** The sample photos that ship with the product (CC0, drawn by `draw-photos.ts`). */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'photos');

/** Absolute names of the eight photos, in their order. */
export function samplePhotos(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.jpg'))
    .sort()
    .map((name) => join(FOLDER, name));
}
