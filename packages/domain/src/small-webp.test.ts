import { expect, it } from 'vitest';
import { previewData } from './gpu-protocol.ts';
import { isSmallWebp } from './small-webp.ts';

const LOSSY = 'UklGRjQAAABXRUJQVlA4ICgAAACQAQCdASoIAAgAAUAmJYgCdLoAA5gA/urUf7o2LraXP22YPoLQAAAA';
const LOSSLESS = 'UklGRh4AAABXRUJQVlA4TBEAAAAvB8ABAAdQsyKWqP+BiOh/AAA=';
/** A still picture with alpha: the canvas stands in the first chunk. */
const extended = (flags: number, widthPx: number, heightPx: number): string => {
  const bytes = Buffer.from('RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0'.padEnd(30, '\0'), 'latin1');
  bytes[20] = flags;
  bytes.writeUIntLE(widthPx - 1, 24, 3);
  bytes.writeUIntLE(heightPx - 1, 27, 3);
  return bytes.toString('base64');
};
const changed = (base64: string, at: number, ...to: number[]): string => {
  const bytes = Buffer.from(base64, 'base64');
  bytes.set(to, at);
  return bytes.toString('base64');
};

it.each([
  ['lossy', LOSSY],
  ['lossless', LOSSLESS],
  ['with alpha', extended(0x10, 128, 64)],
])('a preview may be a small WebP, %s', (_, base64) => {
  expect(previewData.safeParse(base64).success).toBe(true);
});

it.each([
  ['is an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>').toString('base64')],
  [
    'is a PNG',
    Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x08'.padEnd(60, '\0'), 'latin1').toString('base64'),
  ],
  ['is cut off in its head', LOSSY.slice(0, 36)],
  ['is 16,383 px wide, lossy', changed(LOSSY, 26, 0xff, 0x3f)],
  ['is 16,383 px high, lossy', changed(LOSSY, 28, 0xff, 0x3f)],
  ['is 16,384 px wide, lossless', changed(LOSSLESS, 21, 0xff, 0xff)],
  ['is 16,384 px high, lossless', changed(LOSSLESS, 23, 0xff, 0x0f)],
  ['has a canvas of 16 million px', extended(0x10, 0x1000000, 8)],
  ['is one pixel too high', extended(0x10, 128, 129)],
  ['moves', extended(0x12, 8, 8)],
  ['has no size', changed(LOSSY, 26, 0, 0)],
  ['is a frame of a film that begins elsewhere', changed(LOSSY, 23, 0)],
])('a preview that %s is none', (_, base64) => {
  expect(previewData.safeParse(base64).success).toBe(false);
  expect(isSmallWebp(base64, 128)).toBe(false);
});
