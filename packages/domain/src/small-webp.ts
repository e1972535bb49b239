/** Its head says how large a WebP unpacks: some dozens of bytes can be a picture that takes a browser a gigabyte. */

/** In base64: `RIFF`, its size, `WEBP`, the kind of the first chunk, and that chunk's first ten bytes. */
const HEAD_CHARACTERS = 40;

/** Whether base64 begins as a WebP that stands still and is nowhere longer than `maxEdgePx`. */
export function isSmallWebp(base64: string, maxEdgePx: number): boolean {
  const size = base64.length < HEAD_CHARACTERS ? null : sizeOf(atob(base64.slice(0, HEAD_CHARACTERS)));
  return size?.every((edgePx) => edgePx > 0 && edgePx <= maxEdgePx) ?? false;
}

/** Source: RFC 9649, sections 2.4 to 2.7 and 3.4; RFC 6386, section 9.1. */
function sizeOf(head: string): readonly [width: number, height: number] | null {
  if (head.slice(0, 4) !== 'RIFF' || head.slice(8, 12) !== 'WEBP') return null;
  const byte = (at: number): number => head.charCodeAt(at);
  const uint = (at: number, bytes: number): number => (bytes === 0 ? 0 : byte(at) + 256 * uint(at + 1, bytes - 1));
  switch (head.slice(12, 16)) {
    case 'VP8 ':
      return head.slice(23, 26) === '\x9d\x01\x2a' ? [uint(26, 2) & 0x3fff, uint(28, 2) & 0x3fff] : null;
    case 'VP8L': {
      const bits = uint(21, 4);
      return byte(20) === 0x2f ? [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1] : null;
    }
    case 'VP8X': {
      const isAnimated = (byte(20) & 0x02) !== 0;
      // Decoders refuse a still picture whose chunk is of another size than this.
      return isAnimated ? null : [uint(24, 3) + 1, uint(27, 3) + 1];
    }
    default:
      return null;
  }
}
