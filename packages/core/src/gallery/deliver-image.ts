/** Images and photos as a browser shows them: the right size, AVIF or WebP, made once and kept. */
import { findOwnSample, saveThumbhash } from '@pixgen/db';
import { type DELIVERY_WIDTHS, LIMITS, notFound } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import sharp from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import { createAtOnce } from '../at-once.ts';
import type { Actor, Deps } from '../deps.ts';
import { ownPhoto } from '../photos/view-photo.ts';
import { type Drawing, readPicture, readPictureFile, type StoredPicture } from './read-picture.ts';
import { ownImage, typeOf } from './view-image.ts';

export type DeliveryFormat = 'avif' | 'webp';
/** `bytes` are those of a picture of that type, however it came into the store: else it throws STATE_CONFLICT. */
export type Delivery = { key: string; contentType: string; bytes: () => Promise<Buffer> };
export type DeliveryRequest = {
  id: string;
  /** Null: the object as it is. */
  widthPx: (typeof DELIVERY_WIDTHS)[number] | null;
  format: DeliveryFormat;
};

/**
 * IPTC's digital source type, as the full file says it: a model made this picture. No recipe: a small copy is for showing,
 * and the prompt is nobody's but the owner's.
 */
const MADE_BY_A_MODEL = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`;

/** Each takes a thread of this process, of which there are four, and at times 200 MB. Nobody waits for stored ones. */
const drawInTurn = createAtOnce(2, 500);

const ENCODE: Record<DeliveryFormat, (image: Drawing) => Drawing> = {
  // Higher effort costs seconds for a few per cent of size.
  avif: (image) => image.avif({ quality: 58, effort: 2 }),
  webp: (image) => image.webp({ quality: 82 }),
};

/**
 * An image of the caller's. Nothing is read before `bytes()`, so a caller may answer "not modified" by `key` alone.
 *
 * @throws AppError NOT_FOUND, alike for absent, foreign and failed images
 */
export async function deliverImage(deps: Deps, actor: Actor, request: DeliveryRequest): Promise<Delivery> {
  const image = await ownImage(deps, actor, request.id);
  if (image.storageKey === null) throw notFound('image');
  const source = { key: image.storageKey, contentType: typeOf(image.storageKey), isGenerated: true };
  const sketch = image.thumbhash ? null : (drawn: Buffer) => void keepThumbhash(deps, image.id, drawn);
  return deliver(deps, actor, source, request, () => notFound('image'), sketch);
}

/** A validated photo of the caller's. @throws AppError NOT_FOUND, also before it is validated */
export async function deliverPhoto(deps: Deps, actor: Actor, request: DeliveryRequest): Promise<Delivery> {
  const photo = await ownPhoto(deps, actor, request.id);
  if (photo.state !== 'ready') throw notFound('photo');
  const source = {
    key: keys.photo(photo.userId, photo.modelId, photo.id),
    contentType: 'image/jpeg' as const,
    isGenerated: false,
  };
  return deliver(deps, actor, source, request, () => notFound('photo'), null);
}

/** A sample image of a training of the caller's. @throws AppError NOT_FOUND */
export async function deliverSample(deps: Deps, actor: Actor, request: DeliveryRequest): Promise<Delivery> {
  const sample = await findOwnSample(deps.db, actor.userId, request.id);
  if (!sample) throw notFound('image');
  const source = { key: sample.storageKey, contentType: typeOf(sample.storageKey), isGenerated: true };
  return deliver(deps, actor, source, request, () => notFound('image'), null);
}

function deliver(
  deps: Deps,
  actor: Actor,
  { isGenerated, ...source }: StoredPicture & { isGenerated: boolean },
  { widthPx, format }: DeliveryRequest,
  gone: () => Error,
  /** Told of the first small version there is. */
  onDrawn: ((drawn: Buffer) => void) | null,
): Delivery {
  const there = async (reading: Promise<Buffer | null>): Promise<Buffer> => {
    const bytes = await reading;
    if (!bytes) throw gone();
    return bytes;
  };
  if (widthPx === null) return { ...source, bytes: () => there(readPictureFile(deps, source)) };
  const key = keys.derivative(source.key, widthPx, format);
  const contentType = `image/${format}`;
  const draw = (): Promise<Buffer> => {
    const drawn = readPicture(deps, source, (image) => {
      const small = image.resize({ width: widthPx, withoutEnlargement: true });
      return ENCODE[format](isGenerated ? small.withXmp(MADE_BY_A_MODEL) : small).toBuffer();
    });
    return there(drawn);
  };
  const make = async (): Promise<Buffer> => {
    const kept = await deps.storage.read(key, LIMITS.pictureBytes.max);
    if (kept) {
      onDrawn?.(kept);
      return kept;
    }
    const bytes = await asOneOfTheirs(deps, actor, () => drawInTurn(draw));
    onDrawn?.(bytes);
    // Kept for the next time; this time the person need not wait for it, nor fail with it.
    void deps.storage
      .write(key, bytes, contentType)
      .catch((error: Error) => deps.log.warn({ err: error }, 'derivative not kept'));
    return bytes;
  };
  return { key, contentType, bytes: () => once(key, make) };
}

/** @throws AppError RATE_LIMITED when this person has as many drawn at once, or as many reads, as they may */
async function asOneOfTheirs<T>({ callLimits }: Deps, { userId }: Actor, work: () => Promise<T>): Promise<T> {
  const leave = callLimits.enter(userId, 'picture');
  try {
    await callLimits.count(userId, 'read');
    return await work();
  } finally {
    leave();
  }
}

/** A blurred placeholder for the next time. Nobody waits for it, and one that fails is made another time. */
async function keepThumbhash(deps: Deps, id: string, drawn: Buffer): Promise<void> {
  try {
    const small = sharp(drawn).resize(100, 100, { fit: 'inside' }).ensureAlpha().raw();
    const { data, info } = await small.toBuffer({ resolveWithObject: true });
    await saveThumbhash(deps.db, id, new Uint8Array(rgbaToThumbHash(info.width, info.height, data)));
  } catch (error) {
    deps.log.warn({ err: error, imageId: id }, 'placeholder not kept');
  }
}

const underWay = new Map<string, Promise<Buffer>>();

/** A gallery asks for the same picture from several places at once; it is made once. */
function once(key: string, make: () => Promise<Buffer>): Promise<Buffer> {
  const running = underWay.get(key);
  if (running) return running;
  const made = make().finally(() => underWay.delete(key));
  underWay.set(key, made);
  return made;
}
