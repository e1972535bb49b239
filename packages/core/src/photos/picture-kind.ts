export type PictureKind = 'image/jpeg' | 'image/png' | 'image/webp';

const MAGIC: readonly { kind: PictureKind; matches: (bytes: Buffer) => boolean }[] = [
  { kind: 'image/jpeg', matches: (b) => b.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])) },
  { kind: 'image/png', matches: (b) => b.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')) },
  {
    kind: 'image/webp',
    matches: (b) => b.toString('latin1', 0, 4) === 'RIFF' && b.toString('latin1', 8, 12) === 'WEBP',
  },
];

/** What a file is by its first bytes, so that no decoder of another kind ever sees it: SVG, GIF, TIFF, PDF or text. */
export function pictureKind(bytes: Buffer): PictureKind | null {
  return MAGIC.find(({ matches }) => matches(bytes))?.kind ?? null;
}
