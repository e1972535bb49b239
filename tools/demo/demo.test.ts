import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LIMITS } from '@pixgen/domain';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { drawSimulatedPng } from '../gpu-simulator/png.ts';
import { writeContactSheet } from './contact-sheet.ts';
import { samplePhotos } from './photos.ts';

it('ships enough photos for a training, each within the limits, 400 kB in all', async () => {
  const photos = samplePhotos();
  expect(photos.length).toBeGreaterThanOrEqual(LIMITS.photos.min);
  expect(photos.length).toBeLessThanOrEqual(LIMITS.photos.max);
  for (const photo of photos) {
    const { format, width } = await sharp(photo).metadata();
    expect(format).toBe('jpeg');
    expect(width).toBeGreaterThanOrEqual(LIMITS.photos.minEdgePx);
  }
  expect(photos.reduce((sum, photo) => sum + statSync(photo).size, 0)).toBeLessThan(400_000);
});

it('puts every picture on the contact sheet, and equal pictures give an equal sheet', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pixgen-sheet-'));
  const pictures = Array.from({ length: 7 }, (_, index) => drawSimulatedPng(`${index}`, 128, 128));
  await writeContactSheet(pictures, join(folder, 'a.png'));
  await writeContactSheet(pictures, join(folder, 'b.png'));
  expect(await sharp(join(folder, 'a.png')).metadata()).toMatchObject({ width: 808, height: 408 });
  expect(await readFile(join(folder, 'a.png'))).toEqual(await readFile(join(folder, 'b.png')));
  rmSync(folder, { recursive: true });
});
