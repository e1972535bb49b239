/** One set of rules on two sides: the browser's check in Chromium and the server's decoder look at the same files. */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodePhoto } from '@pixgen/core';
import { compareLooks, judgePhoto, LIMITS, type PhotoFault, type PhotoLook, type PhotoWarning } from '@pixgen/domain';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../stack/paths.ts';
import { findChromium, launchChromium } from './browser.ts';

const executable = findChromium();
const sample = (name: string) => join(repositoryRoot, 'tools/demo/photos', name);
const bear = (edge = 768) => sharp(sample('teddy-bear/1.jpg')).resize(edge, edge);
const robot = () => sharp(sample('robot/1.jpg'));
const EDGE_PX = 512;
/** Of the package that the detector comes from. */
const faceApi = (path: string) => fileURLToPath(import.meta.resolve(`@vladmandic/face-api/${path}`));
const people = () => sharp(faceApi('demo/sample6.jpg')).resize(1200);
const onePerson = () => people().extract({ left: 850, top: 60, width: 350, height: 350 });

/** `says`: the one fault or warning it is made for. `person`: the subject is one. */
type Fixture = { contentType: string; person?: boolean; says?: PhotoFault | PhotoWarning; make: () => Promise<Buffer> };
const jpeg = (make: () => Promise<Buffer>, says?: Fixture['says']): Fixture => ({
  contentType: 'image/jpeg',
  make,
  ...(says && { says }),
});
const FIXTURES: Record<string, Fixture> = {
  'a good photo': jpeg(() => robot().toBuffer()),
  'another one': jpeg(() => sharp(sample('penguin/4.jpg')).toBuffer()),
  'a photo of 12 megapixels': jpeg(() => robot().resize(4000, 3000).jpeg().toBuffer()),
  'a photo in strong compression': jpeg(() => robot().jpeg({ quality: 25 }).toBuffer()),
  'a photo without colour': jpeg(() => robot().greyscale().jpeg().toBuffer()),
  'a photo in another colour space': jpeg(() => robot().withIccProfile('p3').jpeg().toBuffer()),
  'a photo turned by EXIF': jpeg(() => robot().resize(700, 500).withMetadata({ orientation: 6 }).jpeg().toBuffer()),
  'a photo mirrored by EXIF': jpeg(() => robot().resize(700, 500).withMetadata({ orientation: 4 }).jpeg().toBuffer()),
  'a PNG that is half transparent': {
    contentType: 'image/png',
    make: () => robot().ensureAlpha(0.5).png().toBuffer(),
  },
  'a WebP': { contentType: 'image/webp', make: () => robot().webp().toBuffer() },
  'a soft photo': jpeg(() => bear().blur(2).jpeg().toBuffer(), 'SOFT'),
  'a blurred photo': jpeg(() => bear().blur(9).jpeg().toBuffer(), 'BLURRED'),
  'a small photo': jpeg(() => bear(300).jpeg().toBuffer(), 'SMALL'),
  'a tiny photo': jpeg(() => bear(100).jpeg().toBuffer(), 'TOO_SMALL'),
  'a dim photo': jpeg(() => robot().linear(0.35, 0).jpeg().toBuffer(), 'DARK'),
  'a black photo': jpeg(() => robot().linear(0.08, 0).jpeg().toBuffer(), 'TOO_DARK'),
  'a pale photo': jpeg(() => robot().linear(0.3, 200).jpeg().toBuffer(), 'BRIGHT'),
  'a white photo': jpeg(() => robot().linear(0.05, 246).jpeg().toBuffer(), 'TOO_BRIGHT'),
  'a plain surface': jpeg(
    () =>
      sharp({ create: { width: 600, height: 600, channels: 3, background: '#6a7b8c' } })
        .jpeg()
        .toBuffer(),
    'PLAIN',
  ),
  'a person': { ...jpeg(() => onePerson().jpeg().toBuffer(), 'SMALL'), person: true },
  'a group of people': { ...jpeg(() => people().jpeg().toBuffer(), 'MANY_FACES'), person: true },
  'the same group where the subject is no person': jpeg(() => people().jpeg().toBuffer(), 'A_PERSON'),
  'a thing where a person should be': { ...jpeg(() => robot().toBuffer(), 'NO_FACE'), person: true },
};

const WEIGHTS = ['tiny_face_detector', 'face_landmark_68_tiny'].map((name) =>
  readFileSync(faceApi(`model/${name}_model.bin`), 'base64'),
);

/** What the browser's worker runs, as a script for a page: the rules, and what feeds them. */
function workerScript(): string {
  const strip = (path: string) =>
    stripTypeScriptTypes(readFileSync(join(repositoryRoot, path), 'utf8'))
      .replaceAll(/^import [^;]*;$/gm, '')
      .replaceAll(/^export /gm, '');
  return `${strip('packages/domain/src/limits.ts')}
    ${strip('packages/domain/src/networks.ts')}
    ${strip('packages/domain/src/face-weights.ts')}
    ${strip('packages/domain/src/faces.ts')}
    ${strip('packages/domain/src/photo-check.ts')}
    ${strip('apps/web/src/photos/prepare-photo.ts')}
    globalThis.preparePhoto = preparePhoto;
    globalThis.readFaceFinder = readFaceFinder;`;
}

describe.skipIf(executable === null)('the check of a photo', () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
    page = await browser.newPage();
    await page.addScriptTag({ content: workerScript(), type: 'module' });
    await page.waitForFunction(() => 'preparePhoto' in globalThis);
  });
  afterAll(() => browser?.close());

  /** As the browser does it. */
  async function prepare(
    bytes: Buffer,
    contentType: string,
    person = false,
  ): Promise<{ look: PhotoLook; jpeg: Buffer } | string> {
    const answer = await page.evaluate(
      async ([base64, type, maxPixels, weights, isPerson]) => {
        const { preparePhoto, readFaceFinder } = globalThis as unknown as {
          preparePhoto: (blob: Blob, max: number, finder: unknown, person: boolean) => Promise<unknown>;
          readFaceFinder: (weights: { detector: Uint8Array; landmarks: Uint8Array }) => unknown;
        };
        const blob = await (await fetch(`data:${type};base64,${base64}`)).blob();
        const [detector, landmarks] = weights.map((text) => Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0)));
        const finder = detector && landmarks ? readFaceFinder({ detector, landmarks }) : null;
        const result = (await preparePhoto(blob, maxPixels, finder, isPerson)) as
          | { look: unknown; jpeg: Blob }
          | string;
        if (typeof result === 'string') return result;
        const made = new Uint8Array(await result.jpeg.arrayBuffer());
        let text = '';
        for (const byte of made) text += String.fromCharCode(byte);
        return { look: result.look, jpeg: btoa(text) };
      },
      [bytes.toString('base64'), contentType, LIMITS.photos.maxPixels, WEIGHTS, person] as const,
    );
    if (typeof answer === 'string') return answer;
    return { look: answer.look as PhotoLook, jpeg: Buffer.from(answer.jpeg, 'base64') };
  }

  it.each(Object.entries(FIXTURES))('says the same of %s in the browser and on the server', async (_, fixture) => {
    const bytes = await fixture.make();
    const { contentType, person = false } = fixture;
    const here = await prepare(bytes, contentType, person);
    const there = await decodePhoto(bytes, contentType, { person });
    if (typeof here === 'string' || !there.ok) throw new Error(`not read: ${JSON.stringify({ here, there })}`);
    const verdict = judgePhoto(here.look, EDGE_PX);
    expect(judgePhoto(there.look, EDGE_PX)).toEqual(verdict);
    expect([...(verdict.fault ? [verdict.fault] : []), ...verdict.warnings]).toEqual(
      fixture.says ? [fixture.says] : [],
    );
    expect([here.look.width, here.look.height]).toEqual([there.look.width, there.look.height]);
    expect(Math.abs(here.look.brightness - there.look.brightness)).toBeLessThan(3);
    if (here.look.contrast > 10) expect(compareLooks(here.look, there.look)).toBe('same');

    // What is sent then: the server comes to the same verdict about it, and it holds nothing but pixels.
    const sent = await decodePhoto(here.jpeg, 'image/jpeg', { person });
    if (!sent.ok) throw new Error(`refused: ${sent.code}`);
    expect(judgePhoto(sent.look, EDGE_PX)).toEqual(judgePhoto(here.look, EDGE_PX));
    const head = await sharp(here.jpeg).metadata();
    expect(head).toMatchObject({ format: 'jpeg', width: here.look.width, height: here.look.height });
    expect([head.exif, head.xmp, head.iptc, head.orientation]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('tells a face that is turned to the side from one that is not, on both sides alike', async () => {
    const groups = { 5: sharp(faceApi('demo/sample5.jpg')).resize(1200), 6: people() };
    const faces = {
      front: groups[6].clone().extract({ left: 850, top: 60, width: 350, height: 350 }),
      side: groups[5].clone().extract({ left: 290, top: 211, width: 300, height: 300 }),
    };
    for (const [name, face] of Object.entries(faces)) {
      const bytes = await face.jpeg().toBuffer();
      const here = await prepare(bytes, 'image/jpeg', true);
      const there = await decodePhoto(bytes, 'image/jpeg', { person: true });
      if (typeof here === 'string' || !there.ok) throw new Error('not read');
      expect(here.look.turn).toBeCloseTo(there.look.turn ?? Number.NaN, 1);
      expect([name, (here.look.turn ?? Number.NaN) >= 0.45]).toEqual([name, name === 'side']);
    }
  });

  it('finds nearly the same photo on both sides alike', async () => {
    const original = await robot().toBuffer();
    const variants: Record<string, Buffer> = {
      smaller: await robot().resize(420).jpeg().toBuffer(),
      'saved again': await robot().jpeg({ quality: 45 }).toBuffer(),
      'cut at the edges': await robot().extract({ left: 20, top: 20, width: 728, height: 728 }).jpeg().toBuffer(),
      'another photo': await sharp(sample('robot/4.jpg')).toBuffer(),
    };
    const [here, there] = [await prepare(original, 'image/jpeg'), await decodePhoto(original, 'image/jpeg')];
    if (typeof here === 'string' || !there.ok) throw new Error('not read');
    const found: Record<string, unknown> = {};
    for (const [name, bytes] of Object.entries(variants)) {
      const [one, other] = [await prepare(bytes, 'image/jpeg'), await decodePhoto(bytes, 'image/jpeg')];
      if (typeof one === 'string' || !other.ok) throw new Error('not read');
      found[name] = [compareLooks(here.look, one.look), compareLooks(there.look, other.look)];
    }
    expect(found).toEqual({
      smaller: ['same', 'same'],
      'saved again': ['same', 'same'],
      'cut at the edges': ['similar', 'similar'],
      'another photo': ['different', 'different'],
    });
  });

  it('sends nothing of what the camera wrote, and refuses what does not open', async () => {
    const canary = 'canary-artist';
    const withPlace = await robot()
      .withExifMerge({ IFD0: { Artist: canary }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
      .jpeg()
      .toBuffer();
    expect(withPlace.includes(canary)).toBe(true);
    const prepared = await prepare(withPlace, 'image/jpeg');
    if (typeof prepared === 'string') throw new Error(prepared);
    expect(prepared.jpeg.includes(canary)).toBe(false);
    expect(prepared.jpeg.includes('Exif')).toBe(false);
    expect(await prepare(Buffer.from('Dear reader'), 'image/jpeg')).toBe('unreadable');
  });
});
