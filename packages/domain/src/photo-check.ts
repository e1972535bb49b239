/**
 * What makes a photo fit to train from: one set of rules for the browser, which asks before it sends, and for the server,
 * which asks again. Pure functions on pixels; both sides decode, and everything after that happens here, so that both come
 * to the same verdict.
 */
import { type FaceFinder, findFaces, type Picture, turnOf } from './faces.ts';
import { LIMITS } from './limits.ts';

/** What was measured on one photo, upright and not larger than {@link COPY_EDGE_PX}. */
export type PhotoLook = {
  /** px */
  width: number;
  height: number;
  /** Variance of the Laplacian in the sharpest part of the picture. */
  sharpness: number;
  /** Mean grey, 0 to 255. */
  brightness: number;
  /** Standard deviation of the grey. */
  contrast: number;
  /** 256 bits in hex: where it gets brighter from left to right. */
  hash: string;
  /** The most certain first; the width is a share of the photo's. Absent where faces were not looked for. */
  faces?: { score: number; width: number }[];
  /** How far the surest face is turned to the side, 0 to 1. */
  turn?: number;
  /** Where the subject is no person: the score of the surest human face. Absent when there is none. */
  personScore?: number;
};

/** Longest edge of the copy that is measured and kept, px. */
export const COPY_EDGE_PX = 2048;
/** Longest edge of the grey picture in which blur is looked for: what a training at 1024 px sees. */
const SHARPNESS_EDGE_PX = 1024;
const HASH_EDGE = 16;
/** Grey levels by which neighbours differ at least to count: less is noise of the decoder. */
const HASH_MARGIN = 2;
/** A portrait is sharp where the face is: the sharpest of these parts decides, not the blurred background. */
const SHARPNESS_PARTS = 6;

export const PHOTO_FAULTS = {
  TOO_SMALL: `The photo is too small to train from: each side needs ${LIMITS.photos.minEdgePx} pixels at least. Add the original instead of a thumbnail or a crop.`,
  PLAIN: 'The photo shows one plain surface and no subject. Add another one.',
  TOO_DARK: 'The photo is almost black. Add one with more light.',
  TOO_BRIGHT: 'The photo is almost white. Add one with less light.',
  BLURRED: 'The photo is blurred everywhere. Add a sharp one.',
  MANY_FACES:
    'More than one person is in the photo, and the model would mix them. Add a photo or a crop of one person.',
  NEAR_DUPLICATE: 'The set has almost the same photo. Add one from another moment.',
} as const;
export type PhotoFault = keyof typeof PHOTO_FAULTS;

export const PHOTO_WARNINGS = {
  SMALL: 'Smaller than the training works at; details will be soft.',
  SOFT: 'Not quite sharp.',
  DARK: 'Rather dark.',
  BRIGHT: 'Rather bright.',
  NO_FACE: 'No face was found. From behind or far away it teaches little of the face.',
  MORE_FACES: 'A second face may be in it.',
  A_PERSON: 'A person’s face seems to be in it. If the subject is a person, change it in the first step.',
  SIMILAR: 'Much like another photo of the set.',
} as const;
export type PhotoWarning = keyof typeof PHOTO_WARNINGS;

/** Each pair is (refused beyond, warned beyond). Where the numbers come from: `docs/decisions/0021`. */
const BOUNDS = {
  contrast: 6,
  dark: [14, 35],
  bright: [243, 215],
  sharpness: [6, 40],
  /** Of the bits that are set in either hash, the share that is set in one alone. */
  distance: [0.16, 0.42],
  /** Shares of the training's edge. */
  edge: [0.25, 0.75],
  /** Score of a face beside the first. */
  secondFace: [0.6, 0.4],
} as const;
/** From this score on something is taken for a human face: of drawings, animals and things none had more than 0.48. */
const SURE_FACE = 0.6;
/** Faces that are smaller than this share of the largest one are passers-by. */
const PASSER_BY = 0.5;
/** More faces than this tell nothing more. */
const FACES_KEPT = 10;
/** From this turn on a face is seen from the side. A face must be this certain to say how it is turned. */
const SIDE = { turn: 0.45, score: 0.4 } as const;

export type Grey = { width: number; height: number; data: Float32Array };

/** Grey (Rec. 601), made smaller by averaging areas until its longest edge is `edge`; never enlarged. */
export function toGrey(
  pixels: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  channels: 3 | 4,
  edge: number,
): Grey {
  const scale = Math.min(1, edge / Math.max(width, height));
  const columns = Math.max(1, Math.round(width * scale));
  const rows = Math.max(1, Math.round(height * scale));
  const sums = new Float64Array(columns * rows);
  const counts = new Uint32Array(columns * rows);
  const columnOf = Uint32Array.from({ length: width }, (_, x) => Math.floor((x * columns) / width));
  for (let y = 0, at = 0; y < height; y += 1) {
    const row = Math.floor((y * rows) / height) * columns;
    for (let x = 0; x < width; x += 1, at += channels) {
      const cell = row + (columnOf[x] ?? 0);
      sums[cell] = (sums[cell] ?? 0) + greyOf(pixels, at);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
  }
  const data = Float32Array.from(sums, (sum, cell) => sum / (counts[cell] ?? 1));
  return { width: columns, height: rows, data };
}

function greyOf(pixels: Uint8Array | Uint8ClampedArray, at: number): number {
  return 0.299 * (pixels[at] ?? 0) + 0.587 * (pixels[at + 1] ?? 0) + 0.114 * (pixels[at + 2] ?? 0);
}

/**
 * @param pixels RGB or RGBA, row by row, upright
 * @param finder faces are looked for with it
 * @param person whether the subject is one; else all that is kept is whether a person is in the photo
 */
export function lookAt(
  pixels: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  channels: 3 | 4,
  finder: FaceFinder | null = null,
  person = true,
): PhotoLook {
  const grey = toGrey(pixels, width, height, channels, SHARPNESS_EDGE_PX);
  const { mean, variance } = spreadOf(grey.data);
  return {
    width,
    height,
    sharpness: round(sharpnessOf(grey)),
    brightness: round(mean),
    contrast: round(Math.sqrt(variance)),
    hash: hashOf(grey),
    ...(finder && (person ? lookForFaces : lookForPerson)(finder, { pixels, width, height, channels })),
  };
}

function lookForFaces(finder: FaceFinder, picture: Picture): Pick<PhotoLook, 'faces' | 'turn'> {
  const found = findFaces(finder, picture);
  const [surest] = found;
  return {
    faces: found.slice(0, FACES_KEPT).map(({ score, width }) => ({ score: round(score), width: round(width) })),
    ...(surest && surest.score >= SIDE.score && { turn: round(turnOf(finder, picture, surest)) }),
  };
}

function lookForPerson(finder: FaceFinder, picture: Picture): Pick<PhotoLook, 'personScore'> {
  const [surest] = findFaces(finder, picture);
  return surest ? { personScore: round(surest.score) } : {};
}

/** Whether a human face is surely in a photo, whatever its subject was when it was looked at. */
export function showsFace({ faces = [], personScore = 0 }: PhotoLook): boolean {
  return Math.max(personScore, ...faces.map(({ score }) => score)) >= SURE_FACE;
}

/** The score of the face that comes second among those about as large as the largest; 0 without one. */
function secondFaceOf({ faces = [] }: PhotoLook): number {
  const sure = faces.filter(({ score }) => score >= BOUNDS.secondFace[1]);
  const largest = Math.max(0, ...sure.map(({ width }) => width));
  return sure.filter(({ width }) => width >= largest * PASSER_BY)[1]?.score ?? 0;
}

function spreadOf(values: Float32Array): { mean: number; variance: number } {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / Math.max(1, values.length);
  return { mean, variance: Math.max(0, squares / Math.max(1, values.length) - mean * mean) };
}

/** Variance of the Laplacian (Pech-Pacheco et al. 2000), in the part of the picture where it is largest. */
function sharpnessOf({ width, height, data }: Grey): number {
  const sums = new Float64Array(SHARPNESS_PARTS ** 2);
  const squares = new Float64Array(SHARPNESS_PARTS ** 2);
  const counts = new Float64Array(SHARPNESS_PARTS ** 2);
  for (let y = 1; y < height - 1; y += 1) {
    const row = Math.floor((y * SHARPNESS_PARTS) / height) * SHARPNESS_PARTS;
    for (let x = 1; x < width - 1; x += 1) {
      const at = y * width + x;
      const around = (data[at - 1] ?? 0) + (data[at + 1] ?? 0) + (data[at - width] ?? 0) + (data[at + width] ?? 0);
      const value = around - 4 * (data[at] ?? 0);
      const part = row + Math.floor((x * SHARPNESS_PARTS) / width);
      sums[part] = (sums[part] ?? 0) + value;
      squares[part] = (squares[part] ?? 0) + value * value;
      counts[part] = (counts[part] ?? 0) + 1;
    }
  }
  let sharpest = 0;
  for (const [part, count] of counts.entries()) {
    if (count === 0) continue;
    const mean = (sums[part] ?? 0) / count;
    sharpest = Math.max(sharpest, (squares[part] ?? 0) / count - mean * mean);
  }
  return sharpest;
}

/** A difference hash: 16 × 16 areas, each compared with its neighbour to the right. */
function hashOf({ width, height, data }: Grey): string {
  const columns = HASH_EDGE + 1;
  const sums = new Float64Array(columns * HASH_EDGE);
  const counts = new Float64Array(columns * HASH_EDGE);
  for (let y = 0; y < height; y += 1) {
    const row = Math.floor((y * HASH_EDGE) / height) * columns;
    for (let x = 0; x < width; x += 1) {
      const cell = row + Math.floor((x * columns) / width);
      sums[cell] = (sums[cell] ?? 0) + (data[y * width + x] ?? 0);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
  }
  let hex = '';
  for (let bit = 0, nibble = 0; bit < HASH_EDGE ** 2; bit += 1) {
    const cell = Math.floor(bit / HASH_EDGE) * columns + (bit % HASH_EDGE);
    const areaOf = (at: number) => (sums[at] ?? 0) / Math.max(1, counts[at] ?? 0);
    nibble = nibble * 2 + (areaOf(cell + 1) - areaOf(cell) > HASH_MARGIN ? 1 : 0);
    if (bit % 4 === 3) {
      hex += nibble.toString(16);
      nibble = 0;
    }
  }
  return hex;
}

/** Fewer set bits than this say too little: on an even background one edge would decide. */
const LEAST_BITS = 16;

/**
 * How far two pictures are apart, 0 to 1: of the bits that are set in either hash, the share that is set in one alone. Bits
 * that are set in neither are even surfaces, of which pictures of different things have just as many.
 */
export function hashDistance(one: string, other: string): number {
  let apart = 0;
  let either = 0;
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const a = Number.parseInt(one[at] ?? '0', 16);
    const b = Number.parseInt(other[at] ?? '0', 16);
    apart += bitsOf(a ^ b);
    either += bitsOf(a | b);
  }
  return apart / Math.max(either, LEAST_BITS);
}

function bitsOf(nibble: number): number {
  let count = 0;
  for (let bits = nibble; bits > 0; bits &= bits - 1) count += 1;
  return count;
}

/** `same`: practically the same picture, made smaller, saved again or a little brighter. `similar`: the same moment. */
export function compareLooks(one: PhotoLook, other: PhotoLook): 'same' | 'similar' | 'different' {
  const distance = hashDistance(one.hash, other.hash);
  if (distance <= BOUNDS.distance[0]) return 'same';
  return distance <= BOUNDS.distance[1] ? 'similar' : 'different';
}

/** What each side of a photo needs at least, px. */
export function leastEdgePx(trainingEdgePx: number): number {
  return Math.ceil(trainingEdgePx * BOUNDS.edge[0]);
}

/** The sentence of a fault, with the numbers it is about. */
export function describeFault(fault: PhotoFault, look: PhotoLook, trainingEdgePx: number): string {
  if (fault !== 'TOO_SMALL') return PHOTO_FAULTS[fault];
  return `The photo is ${look.width} × ${look.height} pixels; each side needs ${leastEdgePx(trainingEdgePx)}. Add the original.`;
}

export type PhotoJudgement = { fault: PhotoFault | null; warnings: PhotoWarning[] };

/**
 * @param trainingEdgePx what the installation's base model trains at
 * @param others ready photos of the same set
 */
export function judgePhoto(look: PhotoLook, trainingEdgePx: number, others: readonly PhotoLook[] = []): PhotoJudgement {
  const edge = Math.min(look.width, look.height) / trainingEdgePx;
  const similarities = others.map((other) => compareLooks(look, other));
  const faults: [PhotoFault, boolean][] = [
    ['TOO_SMALL', edge < BOUNDS.edge[0]],
    ['TOO_DARK', look.brightness < BOUNDS.dark[0]],
    ['TOO_BRIGHT', look.brightness > BOUNDS.bright[0]],
    ['PLAIN', look.contrast < BOUNDS.contrast],
    ['BLURRED', look.sharpness < BOUNDS.sharpness[0]],
    ['MANY_FACES', secondFaceOf(look) >= BOUNDS.secondFace[0]],
    ['NEAR_DUPLICATE', similarities.includes('same')],
  ];
  const warnings: [PhotoWarning, boolean][] = [
    ['SMALL', edge < BOUNDS.edge[1]],
    ['DARK', look.brightness < BOUNDS.dark[1]],
    ['BRIGHT', look.brightness > BOUNDS.bright[1]],
    ['SOFT', look.sharpness < BOUNDS.sharpness[1]],
    ['NO_FACE', look.faces?.length === 0],
    ['MORE_FACES', secondFaceOf(look) >= BOUNDS.secondFace[1]],
    ['A_PERSON', (look.personScore ?? 0) >= SURE_FACE],
    ['SIMILAR', similarities.includes('similar')],
  ];
  const fault = faults.find(([, is]) => is)?.[0] ?? null;
  return { fault, warnings: fault ? [] : warnings.flatMap(([warning, is]) => (is ? [warning] : [])) };
}

/** Photos of a set from which on a model generalises well. */
const GOOD_COUNT = 10;
/** Of them at least so many from the side; said once so many photos tell how the face is turned. */
const GOOD_SIDEWAYS = 2;
const TURNS_TO_TELL = 5;

/** What would make a set better. The words are the reader's language's: `photos.advice` of the web's messages. */
export type SetAdvice =
  | { code: 'ALIKE'; count: number }
  | { code: 'FEW'; count: number; good: number }
  | { code: 'SMALL'; edgePx: number }
  | { code: 'FROM_THE_SIDE'; front: number; missing: number }
  | { code: 'FACELESS' | 'FROM_THE_FRONT' | 'SOFT' | 'DARK' | 'BRIGHT' };

/** What would make a set of ready photos better, the most useful first; empty when there is nothing to say. */
export function adviseOnSet(looks: readonly PhotoLook[], trainingEdgePx: number): SetAdvice[] {
  const warned = (warning: PhotoWarning) =>
    looks.filter((look) => judgePhoto(look, trainingEdgePx).warnings.includes(warning)).length * 2 > looks.length;
  const similar = looks.filter((look) =>
    looks.some((other) => other !== look && compareLooks(look, other) !== 'different'),
  ).length;
  const turns = looks.flatMap(({ turn }) => turn ?? []);
  const sideways = turns.filter((turn) => turn >= SIDE.turn).length;
  const tell = turns.length >= TURNS_TO_TELL;
  const advice: [SetAdvice, boolean][] = [
    [{ code: 'ALIKE', count: similar }, similar > 2],
    [{ code: 'FACELESS' }, warned('NO_FACE')],
    [
      { code: 'FROM_THE_SIDE', front: turns.length - sideways, missing: GOOD_SIDEWAYS - sideways },
      tell && sideways < GOOD_SIDEWAYS,
    ],
    [{ code: 'FROM_THE_FRONT' }, tell && sideways * 2 > turns.length],
    [{ code: 'SOFT' }, warned('SOFT')],
    [{ code: 'SMALL', edgePx: trainingEdgePx }, warned('SMALL')],
    [{ code: 'DARK' }, warned('DARK')],
    [{ code: 'BRIGHT' }, warned('BRIGHT')],
    [{ code: 'FEW', count: looks.length, good: GOOD_COUNT }, looks.length > 0 && looks.length < GOOD_COUNT],
  ];
  return advice.flatMap(([one, is]) => (is ? [one] : []));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
