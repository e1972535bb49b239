/**
 * Files that a stranger may send as a photo, by class, drawn from a seed. `refused`: no decoder may take it. `cleaned`:
 * unusual and right, so a plain JPEG must come out. `either`: damage that a decoder may or may not survive. Whatever comes
 * out of any of them holds nothing of {@link CANARY}.
 */
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { Random } from './forgeries.ts';
import {
  adam7Bytes,
  afterSoi,
  animated,
  black,
  box,
  bytes,
  CANARY,
  chunk,
  emptyCanvas,
  HTML,
  header,
  int,
  jpeg,
  noise,
  PHP,
  PNG_HEAD,
  png,
  pngWith,
  SMALL,
  SVG,
  SVG_BOMB,
  scanBomb,
  segment,
  selfReferringExif,
  tagged,
  withFrameSize,
  zeros,
  zip,
} from './image-parts.ts';

export type ContentType = 'image/jpeg' | 'image/png' | 'image/webp';
export type HostileImage = {
  announcedAs: ContentType;
  expect: 'refused' | 'cleaned' | 'either';
  make: (random: Random) => Promise<Buffer> | Buffer;
};

const JPEG = 'image/jpeg';
const PNG = 'image/png';
const WEBP = 'image/webp';

function other(
  content: Buffer | string | ((random: Random) => Buffer | Promise<Buffer>),
  announcedAs: ContentType = JPEG,
): HostileImage {
  return { announcedAs, expect: 'refused', make: typeof content === 'function' ? content : () => Buffer.from(content) };
}

async function cut(file: Promise<Buffer>, random: Random): Promise<Buffer> {
  const whole = await file;
  return whole.subarray(0, Math.floor(whole.length * (0.1 + random() * 0.8)));
}

async function flipped(file: Promise<Buffer>, random: Random): Promise<Buffer> {
  const changed = Buffer.from(await file);
  for (let count = int(random, 1, 20); count > 0; count -= 1) {
    // The first bytes stay: what is announced is what a decoder gets to see.
    const at = int(random, 16, changed.length - 1);
    changed[at] = (changed[at] ?? 0) ^ (1 << int(random, 0, 7));
  }
  return changed;
}

export const HOSTILE_IMAGES: Record<string, HostileImage> = {
  'nothing at all': other(''),
  'one byte': other((random) => bytes(random, 1)),
  'random bytes': other((random) => bytes(random, int(random, 2, 5_000))),
  'the first bytes of a JPEG and nothing else': other((random) =>
    Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), bytes(random, int(random, 0, 300))]),
  ),
  'the first bytes of a PNG and noise': other(
    (random) => Buffer.concat([PNG_HEAD, bytes(random, int(random, 0, 300))]),
    PNG,
  ),
  'the first bytes of a WebP and noise': other(
    (random) =>
      Buffer.concat([Buffer.from('RIFF\xff\xff\xff\xffWEBPVP8 ', 'latin1'), bytes(random, int(random, 0, 300))]),
    WEBP,
  ),
  'an SVG with script': other(SVG),
  'an SVG of nested entities, as PNG': other(SVG_BOMB, PNG),
  'a web page': other(HTML),
  'a PHP script as WebP': other(PHP, WEBP),
  'a PDF': other(`%PDF-1.7\n${CANARY}`),
  'a zip': other(zip),
  'a program': other(Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(300)])),
  'a GIF': other((random) => noise(random).gif().toBuffer()),
  'a TIFF': other((random) => noise(random).tiff().toBuffer()),
  'a HEIC': other(box('ftyp', 'heic')),
  'an AVIF': other((random) => noise(random).avif({ effort: 0 }).toBuffer(), WEBP),
  'a BMP': other(Buffer.concat([Buffer.from('BM'), Buffer.alloc(300)])),
  'a netpbm with a size of a terabyte': other(`P6 1000000 1000000 255\n${'x'.repeat(100)}`),
  'a JPEG 2000': other(Buffer.concat([Buffer.from('\0\0\0\x0cjP  \r\n\x87\n', 'latin1'), Buffer.alloc(300)])),
  'a FITS, which libvips could read': other(`SIMPLE  =                    T${' '.repeat(2_800)}`),
  'a PNG as JPEG': other((random) => noise(random).png().toBuffer()),
  'a JPEG as PNG': other(jpeg, PNG),
  'a WebP as JPEG': other((random) => noise(random).webp().toBuffer()),
  'a JPEG behind a space': other(async (random) => Buffer.concat([Buffer.from(' '), await jpeg(random)])),

  'a JPEG that was cut off': other((random) => cut(jpeg(random), random)),
  'a PNG that was cut off': other((random) => cut(noise(random).png().toBuffer(), random), PNG),
  'a WebP that was cut off': other((random) => cut(noise(random).webp({ lossless: true }).toBuffer(), random), WEBP),
  'a JPEG with flipped bits': { announcedAs: JPEG, expect: 'either', make: (random) => flipped(jpeg(random), random) },
  'a progressive JPEG with flipped bits': {
    announcedAs: JPEG,
    expect: 'either',
    make: (random) => flipped(noise(random).jpeg({ progressive: true }).toBuffer(), random),
  },
  'a PNG with flipped bits': {
    announcedAs: PNG,
    expect: 'either',
    make: (random) => flipped(noise(random).png().toBuffer(), random),
  },
  'a WebP with flipped bits': {
    announcedAs: WEBP,
    expect: 'either',
    make: (random) => flipped(noise(random).webp().toBuffer(), random),
  },
  'a lossless WebP with flipped bits': {
    announcedAs: WEBP,
    expect: 'either',
    make: (random) => flipped(noise(random).webp({ lossless: true }).toBuffer(), random),
  },

  'a PNG of 200 megapixels in 30 kB': other((random) => black(int(random, 200, 300) * 100, 10_000), PNG),
  'a PNG of 60 megapixels': other((random) => black(8_000, int(random, 6_300, 7_500)), PNG),
  'a PNG that says four billion pixels a side': other(
    png(header(0xffff_ffff, 0xffff_ffff, 8, 2), chunk('IDAT', deflateSync(Buffer.alloc(100)))),
    PNG,
  ),
  'a PNG that says 100,000 a side': other(
    png(header(100_000, 100_000, 16, 6), chunk('IDAT', deflateSync(Buffer.alloc(100)))),
    PNG,
  ),
  'a PNG of no pixels': other(png(header(0, 0, 8, 2), chunk('IDAT', deflateSync(Buffer.alloc(1)))), PNG),
  'a PNG of one row of 40 million pixels': other((random) => black(40_000_000 - int(random, 0, 800), 1), PNG),
  'a PNG with less data than it says': other(
    (random) => png(header(2_000, 2_000, 8, 2), chunk('IDAT', deflateSync(bytes(random, 3_000)))),
    PNG,
  ),
  'a JPEG that says 65,535 a side': other(async (random) => withFrameSize(await jpeg(random), 65_535, 65_535)),
  'a JPEG that says 7,000 a side and is small': {
    announcedAs: JPEG,
    // Its end is where it should be: to a decoder the rest is grey. Refusing that would refuse photos of some phones too.
    expect: 'either',
    make: async (random) => withFrameSize(await jpeg(random), 7_000, 7_000),
  },
  'a JPEG of no pixels': other(async (random) => withFrameSize(await jpeg(random), 0, 0)),
  'a WebP canvas of 268 megapixels': other(emptyCanvas(), WEBP),
  'a photo of 63 pixels': other((random) => noise(random, 63, 400).jpeg().toBuffer()),
  'a PNG with 300 MB behind its pixels': {
    announcedAs: PNG,
    expect: 'either',
    make: async () => png(header(128, 128, 8, 0), chunk('IDAT', await zeros(300 * 1024 * 1024))),
  },
  'an interlaced PNG of 49 megapixels with 16 bits': other(async (random) => {
    const height = 6_900 + int(random, 0, 90);
    return png(header(7_100, height, 16, 6, true), chunk('IDAT', await zeros(adam7Bytes(7_100, height, 8))));
  }, PNG),
  'an interlaced PNG of 49 megapixels one can see through': {
    announcedAs: PNG,
    expect: 'cleaned',
    make: async (random) => {
      const height = 6_900 + int(random, 0, 90);
      return png(header(7_100, height, 8, 6, true), chunk('IDAT', await zeros(adam7Bytes(7_100, height, 4))));
    },
  },
  'a PNG of 24 megapixels with 16 bits': {
    announcedAs: PNG,
    expect: 'cleaned',
    make: async (random) => {
      const height = 3_900 + int(random, 0, 90);
      return png(header(6_000, height, 16, 2), chunk('IDAT', await zeros((6_000 * 6 + 1) * height)));
    },
  },
  'a progressive JPEG of 49 megapixels, turned': {
    announcedAs: JPEG,
    expect: 'cleaned',
    make: (random) =>
      sharp({ create: { width: 8_100, height: 6_050 + int(random, 0, 100), channels: 3, background: '#765' } })
        .jpeg({ progressive: true, ...SMALL })
        .withMetadata({ orientation: 6 })
        .toBuffer(),
  },
  'a JPEG of 2,000 scans': { announcedAs: JPEG, expect: 'either', make: (random) => scanBomb(random, 2_000) },
  'a PNG with text that unpacks to 200 MB': {
    announcedAs: PNG,
    expect: 'either',
    make: async (random) =>
      pngWith(random, chunk('zTXt', Buffer.concat([Buffer.from(`${CANARY}\0\0`), await zeros(200 * 1024 * 1024)]))),
  },
  'a PNG with a colour profile that unpacks to 200 MB': {
    announcedAs: PNG,
    expect: 'either',
    make: async (random) =>
      pngWith(random, chunk('iCCP', Buffer.concat([Buffer.from(`${CANARY}\0\0`), await zeros(200 * 1024 * 1024)]))),
  },
  'a PNG of 50,000 chunks': {
    announcedAs: PNG,
    expect: 'either',
    make: (random) =>
      pngWith(random, ...Array.from({ length: 50_000 }, () => chunk('tEXt', Buffer.from(`a\0${CANARY}`)))),
  },
  'a PNG with a chunk whose length is a lie': {
    announcedAs: PNG,
    expect: 'either',
    make: (random) => pngWith(random, Buffer.from([0x7f, 0xff, 0xff, 0xff]), Buffer.from('tEXt')),
  },
  'a PNG that says it has four billion frames': {
    announcedAs: PNG,
    expect: 'either',
    make: (random) => pngWith(random, chunk('acTL', Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]))),
  },
  'a JPEG with 12 MB of EXIF': {
    announcedAs: JPEG,
    expect: 'either',
    make: async (random) => {
      const exif = segment(
        0xe1,
        Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), Buffer.from(CANARY), bytes(random, 60_000)]),
      );
      return afterSoi(await jpeg(random), ...Array.from({ length: 200 }, () => exif));
    },
  },
  'a JPEG whose EXIF refers to itself': {
    announcedAs: JPEG,
    expect: 'either',
    make: async (random) => afterSoi(await jpeg(random), selfReferringExif(random)),
  },
  'a JPEG with a damaged colour profile of 2 MB': {
    announcedAs: JPEG,
    expect: 'either',
    make: async (random) => {
      const part = (index: number) =>
        segment(
          0xe2,
          Buffer.concat([
            Buffer.from(`ICC_PROFILE\0`, 'latin1'),
            Buffer.from([index, 32]),
            Buffer.from(CANARY),
            bytes(random, 60_000),
          ]),
        );
      return afterSoi(await jpeg(random), ...Array.from({ length: 32 }, (_, index) => part(index + 1)));
    },
  },

  'a JPEG with names, place and script in its EXIF': {
    announcedAs: JPEG,
    expect: 'cleaned',
    make: (random) => noise(random).jpeg().withExif(tagged).toBuffer(),
  },
  'a PNG with names and place': {
    announcedAs: PNG,
    expect: 'cleaned',
    make: (random) => noise(random).png().withExif(tagged).toBuffer(),
  },
  'a WebP with names and place': {
    announcedAs: WEBP,
    expect: 'cleaned',
    make: (random) => noise(random).webp().withExif(tagged).toBuffer(),
  },
  'a JPEG with XMP': {
    announcedAs: JPEG,
    expect: 'cleaned',
    make: (random) =>
      noise(random)
        .jpeg()
        .withXmp(`<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/">${CANARY}</x:xmpmeta>`)
        .toBuffer(),
  },
  'a JPEG with a rotation that does not exist': {
    announcedAs: JPEG,
    expect: 'cleaned',
    make: (random) =>
      noise(random)
        .jpeg()
        .withExif({ IFD0: { Orientation: '99', Artist: CANARY } })
        .toBuffer(),
  },
  'a JPEG and a zip in one': {
    announcedAs: JPEG,
    expect: 'cleaned',
    make: async (random) => Buffer.concat([await jpeg(random), zip()]),
  },
  'a JPEG and a web page in one': {
    announcedAs: JPEG,
    expect: 'cleaned',
    make: async (random) =>
      Buffer.concat([afterSoi(await jpeg(random), segment(0xfe, Buffer.from(HTML))), Buffer.from(HTML)]),
  },
  'a JPEG that is JavaScript too': {
    announcedAs: JPEG,
    expect: 'either',
    // The length of the first segment reads as the beginning of a comment.
    make: async (random) => {
      const script = Buffer.concat([Buffer.from(`*/=${CANARY}/*`), Buffer.alloc(0x2f2a - 2 - `*/=${CANARY}/*`.length)]);
      return Buffer.concat([afterSoi(await jpeg(random), segment(0xe0, script)), Buffer.from('*/')]);
    },
  },
  'a PNG with PHP in it': {
    announcedAs: PNG,
    expect: 'cleaned',
    make: async (random) =>
      Buffer.concat([await pngWith(random, chunk('tEXt', Buffer.from(`Comment\0${PHP}`))), Buffer.from(PHP)]),
  },
  'a WebP and a program in one': {
    announcedAs: WEBP,
    expect: 'either',
    make: async (random) =>
      Buffer.concat([await noise(random).webp().toBuffer(), Buffer.from(`\x7fELF${CANARY}`, 'latin1')]),
  },

  'a CMYK JPEG': {
    announcedAs: JPEG,
    expect: 'cleaned',
    make: (random) => noise(random).toColourspace('cmyk').jpeg().toBuffer(),
  },
  'a grey JPEG': {
    announcedAs: JPEG,
    expect: 'cleaned',
    make: (random) => noise(random).greyscale().jpeg().toBuffer(),
  },
  'a PNG with 16 bits': {
    announcedAs: PNG,
    expect: 'cleaned',
    make: (random) => noise(random).toColourspace('rgb16').png().toBuffer(),
  },
  'a PNG of a palette with holes': {
    announcedAs: PNG,
    expect: 'cleaned',
    make: (random) => noise(random, 128, 128, 4).png({ palette: true }).toBuffer(),
  },
  'a WebP one can see through': {
    announcedAs: WEBP,
    expect: 'cleaned',
    make: (random) => noise(random, 128, 128, 4).webp({ lossless: true }).toBuffer(),
  },
  'a JPEG with a profile of another colour space': {
    announcedAs: JPEG,
    expect: 'cleaned',
    make: (random) => noise(random).withIccProfile('p3').jpeg().toBuffer(),
  },
  'an animated WebP': { announcedAs: WEBP, expect: 'cleaned', make: (random) => animated(random, int(random, 2, 40)) },
  'a strip of 16,000 × 64': {
    announcedAs: JPEG,
    expect: 'cleaned',
    make: (random) =>
      sharp({ create: { width: 16_000, height: 64 + int(random, 0, 9), channels: 3, background: '#456' } })
        .jpeg()
        .toBuffer(),
  },
};
