/**
 * Runs alone, once per photo: bytes of a stranger on stdin, a verdict and a clean JPEG on stdout. It inherits no secret,
 * and its parent limits its time and memory, so a bomb or an exploit for a decoder ends here.
 *
 * stdout: a `+` once it stands, one line of JSON ({@link DecodeVerdict}), then the JPEG.
 */
import { readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type FaceFinder, readFaceFinder } from '@pixgen/domain/faces';
import { lookAt, type PhotoLook } from '@pixgen/domain/photo-check';
import sharp from 'sharp';
import { pictureKind } from './picture-kind.ts';

export type DecodeVerdict =
  | { ok: true; width: number; height: number; look: PhotoLook }
  | {
      ok: false;
      code: 'NOT_AN_IMAGE' | 'TYPE_MISMATCH' | 'TRUNCATED' | 'TOO_MANY_PIXELS' | 'TOO_COMPLEX' | 'TOO_SMALL';
    };
export type DecodeRules = {
  contentType: string;
  maxPixels: number;
  maxDecodedBytes: number;
  minEdgePx: number;
  /** Longest edge of the copy; smaller photos are not enlarged. */
  copyEdgePx: number;
  /** Whether the subject is one: then its face is measured, else only whether there is any. */
  person: boolean;
};

async function decode(
  bytes: Buffer,
  rules: DecodeRules,
  finder: FaceFinder,
): Promise<{ verdict: DecodeVerdict; jpeg: Buffer }> {
  const refuse = (code: Extract<DecodeVerdict, { ok: false }>['code']) => ({
    verdict: { ok: false as const, code },
    jpeg: Buffer.alloc(0),
  });
  const kind = pictureKind(bytes);
  if (!kind) return refuse('NOT_AN_IMAGE');
  if (kind !== rules.contentType) return refuse('TYPE_MISMATCH');
  sharp.cache(false);
  sharp.concurrency(1);
  const photo = sharp(bytes, { failOn: 'error', limitInputPixels: rules.maxPixels });
  try {
    const head = await photo.metadata();
    if (head.width * head.height > rules.maxPixels) return refuse('TOO_MANY_PIXELS');
    if (Math.min(head.width, head.height) < rules.minEdgePx) return refuse('TOO_SMALL');
    // Decoders hold whole pictures that are interlaced or must be turned, and 16 bits take twice the memory and time.
    const bytesPerPixel = head.channels * (head.depth === 'uchar' ? 1 : 2);
    if (head.width * head.height * bytesPerPixel > rules.maxDecodedBytes) return refuse('TOO_COMPLEX');
    // Without withMetadata nothing of EXIF, GPS, XMP or a profile survives; autoOrient bakes the rotation in first.
    const { data: pixels, info } = await photo
      .autoOrient()
      .resize({ width: rules.copyEdgePx, height: rules.copyEdgePx, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 92, chromaSubsampling: '4:4:4' })
      .toBuffer();
    return { verdict: { ok: true, width, height, look: lookAt(pixels, width, height, 3, finder, rules.person) }, jpeg };
  } catch (error) {
    // The first bytes were right, so what fails later is damage, a size that the header admits to, or want of memory.
    if (/memory/i.test(String(error))) return refuse('TOO_COMPLEX');
    return refuse(/pixel limit/i.test(String(error)) ? 'TOO_MANY_PIXELS' : 'TRUNCATED');
  }
}

function readFinder(): FaceFinder {
  const weights = (name: string) =>
    readFileSync(fileURLToPath(import.meta.resolve(`@vladmandic/face-api/model/${name}_model.bin`)));
  return readFaceFinder({ detector: weights('tiny_face_detector'), landmarks: weights('face_landmark_68_tiny') });
}

const rules: DecodeRules = JSON.parse(process.argv[2] ?? '{}');
const finder = readFinder();
writeSync(1, '+');
const { verdict, jpeg } = await decode(readFileSync(0), rules, finder);
const answer = Buffer.concat([Buffer.from(`${JSON.stringify(verdict)}\n`), jpeg]);
for (let sent = 0; sent < answer.length; ) {
  try {
    sent += writeSync(1, answer, sent);
  } catch (error) {
    // The pipe is full: the parent reads, this process has nothing else to do.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  }
}
