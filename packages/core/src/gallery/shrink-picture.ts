import sharp from 'sharp';

/** @returns WebP of at most `widthPx`. @throws Error when the bytes are no picture, or one of more than 50 megapixels */
export function shrinkPicture(bytes: Uint8Array, widthPx: number): Promise<Buffer> {
  const picture = sharp(bytes, { limitInputPixels: 50_000_000 });
  return picture.resize({ width: widthPx, withoutEnlargement: true }).webp({ quality: 75 }).toBuffer();
}
