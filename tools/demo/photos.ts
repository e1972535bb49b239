/** The sample photos that ship with the product (drawn by `gpu/tiny_model/subjects.py`; see `photos/LICENSE.txt`). */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'photos');

/** Things that the tiny base model has never seen, with the word for their kind. */
export const SAMPLE_SUBJECTS = {
  robot: { name: 'Robot', classWord: 'toy' },
  'teddy-bear': { name: 'Teddy', classWord: 'toy' },
  penguin: { name: 'Penguin', classWord: 'bird' },
} as const;
export type SampleSubject = keyof typeof SAMPLE_SUBJECTS;

/** Absolute names of one subject's eight photos, in their order. */
export function samplePhotos(subject: SampleSubject): string[] {
  return files(subject);
}

/** Absolute names of files that the check of photos has to refuse, each named for its fault. */
export function badPhotos(): string[] {
  return files('bad');
}

function files(folder: string): string[] {
  return readdirSync(join(FOLDER, folder))
    .sort()
    .map((name) => join(FOLDER, folder, name));
}
