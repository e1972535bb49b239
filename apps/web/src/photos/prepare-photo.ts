/**
 * What the browser does to a photo before it leaves: upright, not larger than what is kept anyway, saved as a new JPEG that
 * carries nothing but pixels (no EXIF, no place), and measured. Runs in a worker, and needs nothing but what workers have.
 */
import type { FaceFinder } from '@pixgen/domain/faces';
import { COPY_EDGE_PX, lookAt, type PhotoLook } from '@pixgen/domain/photo-check';

/** Close to the original: the server's copy is made from it. */
const QUALITY = 0.95;

export type PreparedPhoto = { jpeg: Blob; look: PhotoLook };

/** Browsers that hide who one is may read pictures back with noise in them, or all white: what is sent would be no photo. */
function isReadBackTrue(): boolean {
  const edge = 16;
  const context = new OffscreenCanvas(edge, edge).getContext('2d', { alpha: false, willReadFrequently: true });
  if (!context) return false;
  const drawn = new ImageData(edge, edge);
  drawn.data.forEach((_, at) => {
    drawn.data[at] = at % 4 === 3 ? 255 : (at * 37) % 256;
  });
  context.putImageData(drawn, 0, 0);
  const { data } = context.getImageData(0, 0, edge, edge);
  return data.every((value, at) => value === drawn.data[at]);
}

/**
 * @param blob a JPEG, PNG or WebP
 * @param maxPixels of the picture as it is
 * @param finder looks for faces; null where it did not arrive
 * @param person whether the subject is one
 * @returns why there is none when it does not open
 */
export async function preparePhoto(
  blob: Blob,
  maxPixels: number,
  finder: FaceFinder | null,
  person: boolean,
): Promise<PreparedPhoto | 'unreadable' | 'too-large' | 'altered'> {
  if (!isReadBackTrue()) return 'altered';
  // Turned as its EXIF says, in sRGB.
  const bitmap = await createImageBitmap(blob, { imageOrientation: 'from-image' }).catch(() => null);
  if (bitmap === null) return 'unreadable';
  try {
    if (bitmap.width * bitmap.height > maxPixels) return 'too-large';
    const scale = Math.min(1, COPY_EDGE_PX / Math.max(bitmap.width, bitmap.height));
    const width = Math.max(1, Math.round(bitmap.width * scale));
    const height = Math.max(1, Math.round(bitmap.height * scale));
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    if (!context) return 'unreadable';
    // What is transparent becomes white, on the server too.
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const look = lookAt(data, width, height, 4, finder, person);
    return { jpeg: await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY }), look };
  } finally {
    bitmap.close();
  }
}
