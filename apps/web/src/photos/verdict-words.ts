/** The words of verdicts on photos, in the reader's language; the API says the same in English. */
import { LIMITS, type PhotoRefusalCode } from '@pixgen/domain';
import { leastEdgePx, type PhotoFault, type PhotoLook, type SetAdvice } from '@pixgen/domain/photo-check';
import type { Words } from '@/language/messages';

const { maxPixels, maxDecodedBytes, decodeMs, minEdgePx } = LIMITS.photos;
const NUMBERS = {
  megapixels: maxPixels / 1e6,
  megabytes: maxDecodedBytes / 1e6,
  seconds: decodeMs / 1_000,
  edge: minEdgePx,
};

/** Why the server refused a photo. */
export function refusalWords(t: Words<'photos'>, code: PhotoRefusalCode): string {
  return t(`verdicts.${code}`, NUMBERS);
}

/** Why the browser's check refused a photo that it measured. */
export function faultWords(t: Words<'photos'>, fault: PhotoFault, look: PhotoLook, trainingEdgePx: number): string {
  const { width, height } = look;
  if (fault === 'TOO_SMALL') return t('tooSmallBy', { width, height, least: leastEdgePx(trainingEdgePx) });
  return refusalWords(t, fault);
}

export function adviceWords(t: Words<'photos'>, advice: SetAdvice, person: boolean): string {
  return t(`advice.${advice.code}`, {
    count: 0,
    good: 0,
    edgePx: 0,
    front: 0,
    missing: 0,
    ...advice,
    person: String(person),
  });
}
