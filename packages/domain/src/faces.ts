/**
 * Finds where faces are on a photo and how far they are turned, and nothing about whose they are. The networks are those that
 * face-api.js published under MIT: a tiny detector (a Tiny YOLO v2, Redmon & Farhadi 2016) and 68 landmarks, both of depthwise
 * separable convolutions. They run here on plain arrays: the browser's worker and the server come to the same answers, without
 * a tensor library on either side.
 */
import { DETECTOR, LANDMARKS } from './face-weights.ts';
import {
  add,
  average,
  convolve,
  convolveApart,
  type Layers,
  type Maps,
  mix,
  pool,
  readLayers,
  rectify,
} from './networks.ts';

/** What a detector looks at: edge of its square, and the mean of the pictures that it was trained on. */
type Sight = { edgePx: number; meanRgb: readonly [number, number, number] };
const DETECTOR_SIGHT: Sight = { edgePx: 416, meanRgb: [117.001, 114.697, 97.404] };
const LANDMARK_SIGHT: Sight = { edgePx: 112, meanRgb: [122.782, 117.001, 104.298] };
/** Edge of the area that one place of the detector's answer speaks of, px. */
const CELL_PX = 32;
/** Width and height of the boxes that each cell proposes, in cells. */
const ANCHORS = [
  [1.603231, 2.094468],
  [6.041143, 7.080126],
  [2.882459, 3.518061],
  [4.266906, 5.178857],
  [9.041765, 10.66308],
] as const;
/** x, y, width, height and score. */
const VALUES_PER_BOX = 5;
/** Boxes that share more than this are the same face. */
const SAME_FACE_OVERLAP = 0.4;
/** Boxes below this are noise on every picture. */
const LEAST_SCORE = 0.1;
/** Of the 68 landmarks: both ends of the jaw, and the tip of the nose. */
const JAW_LEFT = 0;
const JAW_RIGHT = 16;
const NOSE_TIP = 30;

export type FaceFinder = { detector: Layers; landmarks: Layers };
/** RGB or RGBA, row by row, upright. */
export type Picture = {
  pixels: Uint8Array | Uint8ClampedArray;
  /** px */
  width: number;
  height: number;
  channels: 3 | 4;
};
/** A part of a picture, in shares of its width and height. */
type Part = { left: number; top: number; width: number; height: number };
/** A box may reach over the picture's edge. */
export type Face = Part & { score: number };

/**
 * @param weights `tiny_face_detector_model.bin` and `face_landmark_68_tiny_model.bin`
 * @throws {RangeError} when they are other files
 */
export function readFaceFinder(weights: { detector: Uint8Array; landmarks: Uint8Array }): FaceFinder {
  return { detector: readLayers(weights.detector, DETECTOR), landmarks: readLayers(weights.landmarks, LANDMARKS) };
}

/** @returns the most certain first, down to a score of {@link LEAST_SCORE} */
export function findFaces({ detector }: FaceFinder, picture: Picture): Face[] {
  const { maps, columns, rows } = look(picture, { left: 0, top: 0, width: 1, height: 1 }, DETECTOR_SIGHT, 'corner');
  const found = readBoxes(runDetector(detector, maps)).map(({ x, y, across, down, score }) => ({
    score,
    left: (x - across / 2) / columns,
    top: (y - down / 2) / rows,
    width: across / columns,
    height: down / rows,
  }));
  const faces: Face[] = [];
  for (const face of found.sort((one, other) => other.score - one.score))
    if (faces.every((kept) => overlap(kept, face) <= SAME_FACE_OVERLAP)) faces.push(face);
  return faces;
}

/**
 * How far a face is turned to the side, whichever: 0 from the front, 1 with the tip of the nose at the end of the jaw. It is
 * where the nose stands between both ends of the jaw, so that a tilted head counts as it is.
 */
export function turnOf({ landmarks }: FaceFinder, picture: Picture, face: Face): number {
  const { data } = runLandmarks(landmarks, look(picture, face, LANDMARK_SIGHT, 'centre').maps);
  const point = (index: number): [number, number] => [data[index * 2] ?? 0, data[index * 2 + 1] ?? 0];
  const [[left, leftY], [right, rightY], [nose, noseY]] = [point(JAW_LEFT), point(JAW_RIGHT), point(NOSE_TIP)];
  const [across, down] = [right - left, rightY - leftY];
  const share = ((nose - left) * across + (noseY - leftY) * down) / Math.max(across ** 2 + down ** 2, Number.EPSILON);
  return Math.min(1, Math.abs(share - 0.5) * 2);
}

/** A part of the picture in a black square, in its upper left corner or its centre; each pixel is the mean of its area. */
function look(
  { pixels, width, height, channels }: Picture,
  part: Part,
  { edgePx, meanRgb }: Sight,
  place: 'corner' | 'centre',
): { maps: Maps; columns: number; rows: number } {
  const inside = (share: number, length: number) => Math.min(length - 1, Math.max(0, Math.round(share * length)));
  const left = inside(part.left, width);
  const top = inside(part.top, height);
  const across = inside(part.left + part.width, width) - left + 1;
  const down = inside(part.top + part.height, height) - top + 1;
  const scale = edgePx / Math.max(across, down);
  const columns = Math.max(1, Math.round(across * scale));
  const rows = Math.max(1, Math.round(down * scale));
  const [x0, y0] = place === 'corner' ? [0, 0] : [(edgePx - columns) >> 1, (edgePx - rows) >> 1];
  const bounds = (index: number, parts: number, from: number, length: number): [number, number] => {
    const first = Math.floor((index * length) / parts);
    return [from + first, from + Math.max(first + 1, Math.floor(((index + 1) * length) / parts))];
  };
  const data = new Float32Array(edgePx * edgePx * 3);
  for (let at = 0; at < data.length; at += 1) data[at] = -(meanRgb[at % 3] ?? 0) / 255;
  for (let row = 0; row < rows; row += 1) {
    const [fromY, toY] = bounds(row, rows, top, down);
    for (let column = 0; column < columns; column += 1) {
      const [fromX, toX] = bounds(column, columns, left, across);
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0;
        for (let y = fromY; y < toY; y += 1)
          for (let x = fromX; x < toX; x += 1) sum += pixels[(y * width + x) * channels + channel] ?? 0;
        const mean = sum / ((toX - fromX) * (toY - fromY));
        data[((y0 + row) * edgePx + x0 + column) * 3 + channel] = (mean - (meanRgb[channel] ?? 0)) / 255;
      }
    }
  }
  return { maps: { width: edgePx, height: edgePx, channels: 3, data }, columns, rows };
}

function runDetector([first = [], ...middle]: Layers, input: Maps): Maps {
  const last = middle.pop() ?? [];
  let maps = pool(rectify(convolve(input, first, 1), 0.1), 2);
  for (const [at, layer] of middle.entries())
    maps = pool(rectify(convolveApart(maps, layer, 1), 0.1), at === middle.length - 1 ? 1 : 2);
  return mix(maps, last);
}

/** Three dense blocks of three layers, each adding to what came before (Huang et al. 2017), and 68 points from their mean. */
function runLandmarks(layers: Layers, input: Maps): Maps {
  let maps = input;
  for (let at = 0; at < 9; at += 3) {
    const [first = [], second = [], third = []] = layers.slice(at, at + 3);
    const one = rectify(at === 0 ? convolve(maps, first, 2) : convolveApart(maps, first, 2), 0);
    const two = add(one, convolveApart(one, second, 1));
    maps = rectify(add(two, convolveApart(rectify({ ...two, data: two.data.slice() }, 0), third, 1)), 0);
  }
  return mix(average(maps), layers.at(-1) ?? []);
}

type Box = { x: number; y: number; across: number; down: number; score: number };

/** Centres and sizes in px of the square. */
function readBoxes({ width, height, channels, data }: Maps): Box[] {
  const boxes: Box[] = [];
  for (let cell = 0; cell < width * height; cell += 1)
    for (const [anchor, [across, down]] of ANCHORS.entries()) {
      const value = (index: number) => data[cell * channels + anchor * VALUES_PER_BOX + index] ?? 0;
      const score = sigmoid(value(4));
      if (score < LEAST_SCORE) continue;
      boxes.push({
        x: ((cell % width) + sigmoid(value(0))) * CELL_PX,
        y: (Math.floor(cell / width) + sigmoid(value(1))) * CELL_PX,
        across: Math.exp(value(2)) * across * CELL_PX,
        down: Math.exp(value(3)) * down * CELL_PX,
        score,
      });
    }
  return boxes;
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** Area that two boxes share, as a share of what they cover together. */
function overlap(one: Part, other: Part): number {
  const across = Math.min(one.left + one.width, other.left + other.width) - Math.max(one.left, other.left);
  const down = Math.min(one.top + one.height, other.top + other.height) - Math.max(one.top, other.top);
  if (across <= 0 || down <= 0) return 0;
  const shared = across * down;
  return shared / (one.width * one.height + other.width * other.height - shared);
}
