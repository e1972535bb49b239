/** What is found on photos is guarded where photos can be decoded: `tools/e2e/photo-check.test.ts`. */
import { expect, it } from 'vitest';
import { findFaces, readFaceFinder, turnOf } from './faces.ts';

/** Weights that see nothing: every box has the same low score. */
const blind = { detector: new Uint8Array(193_321), landmarks: new Uint8Array(77_224) };

it('reads no other file as weights', () => {
  expect(() => readFaceFinder({ ...blind, detector: new Uint8Array(100) })).toThrow('this file has 100');
  expect(() => readFaceFinder({ ...blind, landmarks: new Uint8Array(100) })).toThrow('this file has 100');
});

it.each([
  [64, 2048],
  [1, 1],
])('finds nothing on %d × %d px where the weights see nothing, and knows no turn beyond 1', (width, height) => {
  const finder = readFaceFinder(blind);
  const picture = { pixels: new Uint8Array(width * height * 4), width, height, channels: 4 } as const;
  expect(findFaces(finder, picture)).toEqual([]);
  const beyond = { score: 1, left: -0.5, top: 0.9, width: 2, height: 0.4 };
  expect(turnOf(finder, picture, beyond)).toBeLessThanOrEqual(1);
});
