import { z } from 'zod';
import { id, isoTime } from './common.ts';
import { LIMITS } from './limits.ts';
import { PHOTO_FAULTS, PHOTO_WARNINGS, type PhotoLook, type PhotoWarning } from './photo-check.ts';
import { rule, say } from './sentence.ts';

export const photoContentType = z.enum(['image/jpeg', 'image/png', 'image/webp'], {
  error: rule(say`Use JPEG, PNG or WebP; the browser converts HEIC before it uploads.`),
});
export const photoState = z.enum(['uploading', 'checking', 'ready', 'refused']);

/** Why a photo was refused, each with its sentence. */
export const PHOTO_REFUSALS = {
  NOT_AN_IMAGE: 'This file is not a photo we can read. Use JPEG, PNG or WebP.',
  TYPE_MISMATCH: 'The file is not of the type its name says. Save it again as JPEG, PNG or WebP.',
  TRUNCATED: 'The photo is damaged or was cut off. Upload the original again.',
  TOO_MANY_PIXELS: `The photo has more than ${LIMITS.photos.maxPixels / 1e6} megapixels. Make it smaller and try again.`,
  TOO_COMPLEX: `The photo takes more than ${LIMITS.photos.maxDecodedBytes / 1e6} MB when it is unpacked. Save it again as a plain JPEG.`,
  DUPLICATE: 'This photo is already in the set.',
  LOST: 'The photo is not in the store any more. Upload it again.',
  TOO_SLOW: `The photo took more than ${LIMITS.photos.decodeMs / 1000} seconds to read. Save it again as a plain JPEG.`,
  ...PHOTO_FAULTS,
} as const;
export const photoRefusalCode = z.enum(
  Object.keys(PHOTO_REFUSALS) as [keyof typeof PHOTO_REFUSALS, ...(keyof typeof PHOTO_REFUSALS)[]],
);
export type PhotoRefusalCode = z.infer<typeof photoRefusalCode>;

export const createPhotoInput = z.strictObject({
  modelId: id,
  fileName: z.string().min(1).max(255),
  contentType: photoContentType,
  sizeBytes: z
    .int()
    .min(1)
    .max(LIMITS.photos.maxBytes, {
      error: rule(say`A photo may be at most ${LIMITS.photos.maxBytes / 1024 / 1024} MB.`),
    }),
});
export type CreatePhotoInput = z.infer<typeof createPhotoInput>;

export const photoLook = z.object({
  width: z.int(),
  height: z.int(),
  sharpness: z.number(),
  brightness: z.number(),
  contrast: z.number(),
  hash: z.string(),
  faces: z.array(z.object({ score: z.number(), width: z.number() })).exactOptional(),
  turn: z.number().exactOptional(),
  personScore: z.number().exactOptional(),
}) satisfies z.ZodType<PhotoLook>;
const photoWarning = z.enum(Object.keys(PHOTO_WARNINGS) as [PhotoWarning, ...PhotoWarning[]]);

export const photoView = z.object({
  id,
  modelId: id,
  fileName: z.string(),
  state: photoState,
  sizeBytes: z.int(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  refusal: z.object({ code: photoRefusalCode, message: z.string() }).nullable(),
  /** What the check measured; null until then. */
  look: photoLook.nullable(),
  /** What could be better about a photo that is ready. In a list also how it stands to the others. */
  warnings: z.array(z.object({ code: photoWarning, message: z.string() })),
  createdAt: isoTime,
});
export type PhotoView = z.infer<typeof photoView>;

/** Send the file with exactly these headers before `expiresAt`, then call `photos.complete`. */
export const photoUpload = z.object({ url: z.string(), headers: z.record(z.string(), z.string()), expiresAt: isoTime });
export const createPhotoOutput = z.object({ photo: photoView, upload: photoUpload });
export const listPhotosInput = z.strictObject({
  modelId: id,
  /** Only those that were removed in the last 30 days and can be brought back. */
  deleted: z.stringbool().or(z.boolean()).optional(),
});
export const photoList = z.object({ items: z.array(photoView) });
