import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { decodePhoto } from '@pixgen/core';
import { LIMITS } from '@pixgen/domain';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { drawSimulatedPng } from '../gpu-simulator/png.ts';
import { writeContactSheet } from './contact-sheet.ts';
import { badPhotos, SAMPLE_SUBJECTS, type SampleSubject, samplePhotos } from './photos.ts';

it.each(Object.keys(SAMPLE_SUBJECTS) as SampleSubject[])(
  'ships enough photos of the %s for a training, each within the limits, 400 kB in all',
  async (subject) => {
    const photos = samplePhotos(subject);
    expect(photos.length).toBeGreaterThanOrEqual(LIMITS.photos.min);
    expect(photos.length).toBeLessThanOrEqual(LIMITS.photos.max);
    for (const photo of photos) {
      expect(await decodePhoto(await readFile(photo), 'image/jpeg')).toMatchObject({ ok: true, width: 768 });
    }
    expect(photos.reduce((sum, photo) => sum + statSync(photo).size, 0)).toBeLessThan(400_000);
  },
);

it('ships files that the check of photos refuses, each for its own fault', async () => {
  const verdicts = await Promise.all(
    badPhotos().map(async (file) => {
      const decoded = await decodePhoto(await readFile(file), 'image/jpeg');
      return [basename(file), decoded.ok ? 'accepted' : decoded.code];
    }),
  );
  expect(Object.fromEntries(verdicts)).toEqual({
    'cut-off.jpg': 'TRUNCATED',
    'not-a-photo.jpg': 'NOT_AN_IMAGE',
    'png-named-jpg.jpg': 'TYPE_MISMATCH',
    'too-small.jpg': 'TOO_SMALL',
  });
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
