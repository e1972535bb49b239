import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adviseOnSet,
  compareLooks,
  hashDistance,
  judgePhoto,
  lookAt,
  PHOTO_FAULTS,
  PHOTO_WARNINGS,
  type PhotoFault,
  type PhotoLook,
  type PhotoWarning,
  toGrey,
} from './photo-check.ts';

/** Draws a picture of one grey per pixel, as RGB. */
function picture(width: number, height: number, grey: (x: number, y: number) => number): Uint8ClampedArray {
  const pixels = new Uint8ClampedArray(width * height * 3);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) pixels.fill(grey(x, y), (y * width + x) * 3, (y * width + x) * 3 + 3);
  return pixels;
}
/** Patches of some size whose greys follow from the seed. */
const patches = (seed: number, edge: number) => (x: number, y: number) => {
  let mixed = Math.imul(Math.floor(x / edge) + 1, 0x9e3779b1) ^ Math.imul(Math.floor(y / edge) + 1, 0x85ebca77);
  mixed = Math.imul(mixed ^ Math.imul(seed + 1, 0xc2b2ae3d), 0x27d4eb2f);
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 24;
};
/** The same, but every border between patches is `soft` pixels wide. */
const soft = (seed: number, edge: number, width: number) => (x: number, y: number) => {
  const at = patches(seed, edge);
  let sum = 0;
  for (let dx = 0; dx < width; dx += 1) for (let dy = 0; dy < width; dy += 1) sum += at(x + dx, y + dy);
  return sum / width ** 2;
};
const EDGE = 128;
const look = (grey: (x: number, y: number) => number, width = 300, height = 200): PhotoLook =>
  lookAt(picture(width, height, grey), width, height, 3);
const good = look(patches(1, 20));

describe('a photo', () => {
  it('that is sharp, well lit and large enough is taken without a word', () => {
    expect(judgePhoto(good, EDGE)).toEqual({ fault: null, warnings: [] });
  });

  it.each<[PhotoFault, PhotoLook]>([
    ['TOO_SMALL', look(patches(1, 4), 200, 31)],
    ['TOO_DARK', look((x, y) => patches(1, 20)(x, y) / 20)],
    ['TOO_BRIGHT', look((x, y) => 245 + patches(1, 20)(x, y) / 30)],
    ['PLAIN', look((x) => 120 + (x % 2))],
    ['BLURRED', look((x) => 128 + 100 * Math.sin(x / 40))],
  ])('is refused: %s', (fault, bad) => {
    expect(judgePhoto(bad, EDGE)).toEqual({ fault, warnings: [] });
    expect(PHOTO_FAULTS[fault]).toMatch(/\. (Add|Use) /);
  });

  it.each<[PhotoWarning, PhotoLook]>([
    ['SMALL', look(patches(1, 4), 200, 90)],
    ['DARK', look((x, y) => patches(1, 20)(x, y) / 5)],
    ['BRIGHT', look((x, y) => 200 + patches(1, 20)(x, y) / 5)],
    ['SOFT', look((x, y) => 90 + soft(1, 40, 8)(x, y) / 3)],
  ])('is warned of: %s', (warning, borderline) => {
    expect(judgePhoto(borderline, EDGE)).toEqual({ fault: null, warnings: [warning] });
    expect(PHOTO_WARNINGS[warning]).not.toBe('');
  });

  const withFaces = (...faces: [score: number, width: number][]): PhotoLook => ({
    ...good,
    faces: faces.map(([score, width]) => ({ score, width })),
  });
  it.each<[string, PhotoLook, PhotoFault | null, PhotoWarning[]]>([
    ['one sure face', withFaces([0.9, 0.3]), null, []],
    ['one face that is hard to see', withFaces([0.2, 0.3]), null, []],
    ['two sure faces', withFaces([0.9, 0.3], [0.6, 0.25]), 'MANY_FACES', []],
    ['a small face far behind', withFaces([0.9, 0.3], [0.8, 0.1]), null, []],
    ['a small face that is surer than the large one', withFaces([0.9, 0.1], [0.7, 0.3]), null, []],
    ['what may be a second face', withFaces([0.9, 0.3], [0.5, 0.3]), null, ['MORE_FACES']],
    ['what is hardly a second face', withFaces([0.9, 0.3], [0.3, 0.3]), null, []],
    ['no face', withFaces(), null, ['NO_FACE']],
    ['faces that nobody looked for', good, null, []],
    ['a face where the subject is no person', { ...good, personScore: 0.6 }, null, ['A_PERSON']],
    ['what hardly is a face there', { ...good, personScore: 0.5 }, null, []],
  ])('of a person: %s', (_, taken, fault, warnings) => {
    expect(judgePhoto(taken, EDGE)).toEqual({ fault, warnings });
  });

  it('is judged by where it is sharp: a blurred background is no fault', () => {
    const portrait = look((x, y) =>
      x > 100 && x < 200 && y > 60 && y < 140 ? patches(1, 6)(x, y) : 128 + 60 * Math.sin(x / 50),
    );
    expect(judgePhoto(portrait, EDGE).fault).toBeNull();
  });

  it('is measured the same with and without an alpha channel, and in any size beyond what is looked at', () => {
    const rgb = picture(300, 200, patches(3, 20));
    const rgba = new Uint8ClampedArray(300 * 200 * 4).fill(255);
    for (let pixel = 0; pixel < 300 * 200; pixel += 1) rgba.set(rgb.subarray(pixel * 3, pixel * 3 + 3), pixel * 4);
    expect(lookAt(rgba, 300, 200, 4)).toEqual(lookAt(rgb, 300, 200, 3));
    const large = look(patches(3, 100), 1500, 1000);
    const huge = look(patches(3, 200), 3000, 2000);
    expect(compareLooks(large, huge)).toBe('same');
    expect(large.brightness).toBeCloseTo(huge.brightness, 0);
  });
});

describe('compareLooks', () => {
  it('same: saved again with small errors, or a little brighter', () => {
    const again = look((x, y) => patches(1, 20)(x, y) + ((x * 31 + y * 17) % 7) - 3);
    const brighter = look((x, y) => patches(1, 20)(x, y) * 0.9 + 20);
    expect([compareLooks(good, again), compareLooks(good, brighter)]).toEqual(['same', 'same']);
    expect(judgePhoto(again, EDGE, [look(patches(2, 20)), good]).fault).toBe('NEAR_DUPLICATE');
  });

  it('similar: the same scene, moved a little', () => {
    const moved = look((x, y) => patches(1, 20)(x + 5, y + 3));
    expect(compareLooks(good, moved)).toBe('similar');
    expect(judgePhoto(moved, EDGE, [good])).toEqual({ fault: null, warnings: ['SIMILAR'] });
  });

  it('different: other pictures, also two that are mostly an even background', () => {
    const dot = (at: number) => look((x, y) => (Math.hypot(x - at, y - 100) < 40 ? 20 : 200));
    expect(compareLooks(dot(80), dot(180))).toBe('different');
    for (let seed = 2; seed < 30; seed += 1) expect(compareLooks(good, look(patches(seed, 20)))).toBe('different');
  });

  it('is a distance: 0 to itself, symmetric, at most 1', () => {
    const hash = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(hash, hash, (one, other) => {
        expect(hashDistance(one, one)).toBe(0);
        expect(hashDistance(one, other)).toBe(hashDistance(other, one));
        expect(hashDistance(one, other)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('advice on a set', () => {
  const varied = Array.from({ length: 12 }, (_, seed) => look(patches(seed, 20)));

  it('says how many more and what is alike, soft or dark in most photos, and nothing of a good set', () => {
    expect(adviseOnSet([], EDGE)).toEqual([]);
    expect(adviseOnSet(varied, EDGE)).toEqual([]);
    expect(adviseOnSet(varied.slice(0, 6), EDGE)).toEqual([{ code: 'FEW', count: 6, good: 10 }]);
    const burst = Array.from({ length: 12 }, (_, n) => look((x, y) => patches(1, 20)(x + n, y)));
    expect(adviseOnSet(burst, EDGE)).toEqual([{ code: 'ALIKE', count: 12 }]);
    const dark = varied.map((one) => ({ ...one, brightness: 20 }));
    expect(adviseOnSet(dark, EDGE)).toEqual([{ code: 'DARK' }]);
    const small = varied.map((one) => ({ ...one, width: 80, height: 80 }));
    expect(adviseOnSet(small, EDGE)).toEqual([{ code: 'SMALL', edgePx: EDGE }]);
  });

  it('asks for faces, and for the views of them that are missing', () => {
    const faceless = varied.map((one, at) => (at < 7 ? { ...one, faces: [] } : one));
    expect(adviseOnSet(faceless, EDGE)).toEqual([{ code: 'FACELESS' }]);
    const turned = (...turns: number[]) => varied.map((one, at) => ({ ...one, turn: turns[at] ?? 0.2 }));
    expect(adviseOnSet(turned(), EDGE)).toEqual([{ code: 'FROM_THE_SIDE', front: 12, missing: 2 }]);
    expect(adviseOnSet(turned(0.5), EDGE)).toEqual([{ code: 'FROM_THE_SIDE', front: 11, missing: 1 }]);
    expect(adviseOnSet(turned(0.5, 0.9), EDGE)).toEqual([]);
    expect(adviseOnSet(turned(...Array.from({ length: 7 }, () => 0.7)), EDGE)).toEqual([{ code: 'FROM_THE_FRONT' }]);
    const few = varied.map((one, at) => (at < 4 ? { ...one, turn: 0.1 } : one));
    expect(adviseOnSet(few, EDGE)).toEqual([]);
  });
});

it('areas are averaged, never picked: a pattern finer than the copy becomes even', () => {
  const fine = picture(2000, 1000, (x) => (x % 2 === 0 ? 0 : 255));
  const { width, height, data } = toGrey(fine, 2000, 1000, 3, 1000);
  expect([width, height]).toEqual([1000, 500]);
  expect(new Set(data.map((value) => Math.round(value * 10)))).toEqual(new Set([1275]));
});
