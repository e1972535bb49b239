/** Small real PNGs without an image library: a coloured pattern that depends on every input, marked as simulated. */
import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CELLS = 16;
const BLACK = 0;
const WHITE = 15;
/** 5 × 7 dots per letter, one number per row. */
const FONT: Record<string, readonly number[]> = {
  S: [14, 17, 16, 14, 1, 17, 14],
  I: [14, 4, 4, 4, 4, 4, 14],
  M: [17, 27, 21, 21, 17, 17, 17],
  U: [17, 17, 17, 17, 17, 17, 14],
  L: [16, 16, 16, 16, 16, 16, 31],
  A: [14, 17, 17, 31, 17, 17, 17],
  T: [31, 4, 4, 4, 4, 4, 4],
  E: [31, 16, 16, 30, 16, 16, 31],
  D: [30, 17, 17, 17, 17, 17, 30],
};
const WORD = 'SIMULATED';
const LETTER_DOTS = 6;
const WORD_DOTS = WORD.length * LETTER_DOTS;

/** What a file says of its making, as `gpu/pixgen_gpu/provenance.py` writes it. */
export type SimulatedRecipe = Readonly<Record<string, string | number | boolean>>;

/**
 * @param recipe stands in the file as in a real one
 * @param key whatever shall change the picture (prompt, seed, weight, …)
 * @returns a PNG of `width` × `height` px, 4 bits per pixel, about 1 kB; equal keys give equal bytes
 */
export function drawSimulatedPng(key: string, width: number, height: number, recipe?: SimulatedRecipe): Buffer {
  const seed = createHash('sha512').update(key).digest();
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 4; // bits per pixel
  header[9] = 3; // palette
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', palette(seed)),
    chunk('tEXt', Buffer.from('Software\0PixGen simulator, not a real generation', 'latin1')),
    ...(recipe ? [chunk('iTXt', Buffer.from(`pixgen\0\0\0\0\0${JSON.stringify(recipe)}`))] : []),
    chunk('IDAT', deflateSync(pixels(seed, width, height), { level: 1, chunkSize: 2048 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

function palette(seed: Buffer): Buffer {
  const out = Buffer.alloc(48);
  for (let index = BLACK + 1; index < WHITE; index++) {
    for (let channel = 0; channel < 3; channel++)
      out[index * 3 + channel] = 40 + (byteAt(seed, index * 3 + channel) % 200);
  }
  out.fill(255, WHITE * 3);
  return out;
}

/** Rows of one filter byte and packed pixels. The pattern is mirrored, so that thumbnails read as one figure. */
function pixels(seed: Buffer, width: number, height: number): Buffer {
  const stride = 1 + Math.ceil(width / 2);
  const out = Buffer.alloc(stride * height);
  const row = new Uint8Array(width);
  const dot = Math.max(1, Math.floor((width * 0.9) / WORD_DOTS));
  const bandTop = height - 9 * dot;
  let drawn = '';
  for (let y = 0; y < height; y++) {
    const cellRow = Math.floor((y * CELLS) / height);
    const fontRow = Math.floor((y - bandTop) / dot) - 1;
    const look = y < bandTop ? `c${cellRow}` : `f${fontRow}`;
    const start = y * stride;
    if (look === drawn) {
      out.copy(out, start, start - stride, start);
      continue;
    }
    drawn = look;
    if (y < bandTop) paintCells(row, seed, cellRow);
    else paintBand(row, fontRow, dot);
    for (let x = 0; x < width; x += 2) out[start + 1 + (x >> 1)] = (byteAt(row, x) << 4) | byteAt(row, x + 1);
  }
  return out;
}

function paintCells(row: Uint8Array, seed: Buffer, cellRow: number): void {
  for (let cell = 0; cell < CELLS; cell++) {
    const mirrored = Math.min(cell, CELLS - 1 - cell);
    const noise = byteAt(seed, cellRow * 3 + mirrored * 7) ^ byteAt(seed, mirrored * 5 + 11 + cellRow);
    const from = Math.ceil((cell * row.length) / CELLS);
    row.fill(1 + (noise % (WHITE - 1)), from, Math.ceil(((cell + 1) * row.length) / CELLS));
  }
}

function paintBand(row: Uint8Array, fontRow: number, dot: number): void {
  const left = Math.floor((row.length - WORD_DOTS * dot) / 2);
  row.fill(BLACK);
  for (let column = 0; column < WORD_DOTS; column++) {
    const bits = FONT[WORD[Math.floor(column / LETTER_DOTS)] ?? '']?.[fontRow] ?? 0;
    const lit = (bits >> (4 - (column % LETTER_DOTS))) & 1;
    if (lit) row.fill(WHITE, left + column * dot, left + (column + 1) * dot);
  }
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index % bytes.length] ?? 0;
}
