/** What can be said about a file before it is sent: kind by its first bytes, size, and whether it opens. */
import { LIMITS } from '@pixgen/domain';

export type PhotoKind = 'image/jpeg' | 'image/png' | 'image/webp' | 'heic' | null;
const HEIC_BRANDS = ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1'];

/** The kind by magic bytes; the name's ending proves nothing. */
export function sniffKind(bytes: Uint8Array): PhotoKind {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg';
  if (bytes[0] === 0x89 && text(1, 4) === 'PNG') return 'image/png';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'image/webp';
  if (text(4, 8) === 'ftyp' && HEIC_BRANDS.includes(text(8, 12))) return 'heic';
  return null;
}

export type CheckedFile =
  | { ok: true; blob: Blob; contentType: 'image/jpeg' | 'image/png' | 'image/webp' }
  | { ok: false; reason: string };

/**
 * Reads a dropped file. HEIC becomes JPEG here, in the browser; everything else is sent as it is, since the server reads
 * it again with its own eyes.
 */
export async function checkFile(file: File): Promise<CheckedFile> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  const kind = sniffKind(head);
  if (kind === null) return { ok: false, reason: 'This file is not a photo. Use JPEG, PNG, WebP or HEIC.' };
  const blob = kind === 'heic' ? await convertHeic(file) : file;
  if (blob === null)
    return { ok: false, reason: 'This HEIC photo could not be converted. Export it as JPEG and add that.' };
  if (blob.size > LIMITS.photos.maxBytes) {
    const megabytes = (blob.size / 1024 / 1024).toFixed(1);
    return {
      ok: false,
      reason: `The photo has ${megabytes} MB; ${LIMITS.photos.maxBytes / 1024 / 1024} MB are the most.`,
    };
  }
  const size = await measure(blob);
  if (size === null) return { ok: false, reason: 'The photo is damaged or was cut off. Add the original again.' };
  const { minEdgePx, maxPixels } = LIMITS.photos;
  if (Math.min(size.width, size.height) < minEdgePx) {
    return { ok: false, reason: `The photo is ${size.width} × ${size.height} pixels; each side needs ${minEdgePx}.` };
  }
  if (size.width * size.height > maxPixels) {
    return { ok: false, reason: `The photo has more than ${maxPixels / 1e6} megapixels. Make it smaller.` };
  }
  return { ok: true, blob, contentType: kind === 'heic' ? 'image/jpeg' : kind };
}

async function convertHeic(file: File): Promise<Blob | null> {
  // 700 kB of decoder that few people need; this build works under our Content-Security-Policy.
  const { heicTo } = await import('heic-to/csp');
  const converted = heicTo({ blob: file, type: 'image/jpeg', quality: 0.92 });
  return await Promise.resolve(converted).catch(() => null);
}

async function measure(blob: Blob): Promise<{ width: number; height: number } | null> {
  const bitmap = await createImageBitmap(blob).catch(() => null);
  if (!bitmap) return null;
  const { width, height } = bitmap;
  bitmap.close();
  return { width, height };
}
