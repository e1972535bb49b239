/** What can be said about a file before it is sent: kind by its first bytes, whether it opens, and how it looks. */
import { LIMITS } from '@pixgen/domain';
import { judgePhoto, type PhotoLook, type PhotoWarning } from '@pixgen/domain/photo-check';
import type { Words } from '@/language/messages';
import { prepareInWorker } from './photo-worker';
import { faultWords } from './verdict-words';

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
  | { ok: true; jpeg: Blob; look: PhotoLook; warnings: PhotoWarning[] }
  | { ok: false; reason: string };

/**
 * Looks at a dropped file as the server will: by the same rules, on the same pixels. What is sent is a new JPEG without
 * anything of the camera's in it.
 *
 * @param trainingEdgePx what the base model trains at
 * @param person whether the subject is a person, whose face is measured; of others only whether a face is there
 * @param others looks of the photos that are in the set or on their way into it
 */
export async function checkFile(
  t: Words<'photos'>,
  file: File,
  trainingEdgePx: number,
  person: boolean,
  others: () => readonly PhotoLook[],
): Promise<CheckedFile> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  const kind = sniffKind(head);
  if (kind === null) return { ok: false, reason: t('notAPhoto') };
  const blob = kind === 'heic' ? await convertHeic(file) : file;
  if (blob === null) return { ok: false, reason: t('noHeic') };
  const prepared = await prepareInWorker(blob, person);
  if (prepared === 'unreadable') return { ok: false, reason: t('damaged') };
  if (prepared === 'too-large') {
    return {
      ok: false,
      reason: t('tooLarge', { megapixels: LIMITS.photos.maxPixels / 1e6 }),
    };
  }
  if (prepared === 'broken') return { ok: false, reason: t('notChecked') };
  if (prepared === 'altered') {
    return {
      ok: false,
      reason: t('altered'),
    };
  }
  const { jpeg, look } = prepared;
  const { fault, warnings } = judgePhoto(look, trainingEdgePx, others());
  if (fault) return { ok: false, reason: faultWords(t, fault, look, trainingEdgePx) };
  return { ok: true, jpeg, look, warnings };
}

async function convertHeic(file: File): Promise<Blob | null> {
  // 700 kB of decoder that few people need; this build works under our Content-Security-Policy.
  const { heicTo } = await import('heic-to/csp');
  const converted = heicTo({ blob: file, type: 'image/jpeg', quality: 0.95 });
  return await Promise.resolve(converted).catch(() => null);
}
