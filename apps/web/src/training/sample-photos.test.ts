/** What newcomers are offered to try with is the demo's drawn subject, byte for byte, with its licence beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const own = path.join(import.meta.dirname, 'sample-subject');
const demo = path.join(import.meta.dirname, '../../../../tools/demo/photos');
const MOST_BYTES = 400_000;

it('is the robot of the demo with the licence of its pictures, and small', () => {
  const names = readdirSync(own).filter((name) => name.endsWith('.jpg'));
  expect(names).toEqual(readdirSync(path.join(demo, 'robot')));
  const photos = names.map((name) => readFileSync(path.join(own, name)));
  expect(photos.every((photo, at) => photo.equals(readFileSync(path.join(demo, 'robot', names[at] ?? ''))))).toBe(true);
  expect(photos.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(MOST_BYTES);
  expect(readFileSync(path.join(own, 'LICENSE.txt'))).toEqual(readFileSync(path.join(demo, 'LICENSE.txt')));
});
