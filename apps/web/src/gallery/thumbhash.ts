/** Placeholders: a blurred picture of 25 bytes. */
import { thumbHashToAverageRGBA, thumbHashToDataURL } from 'thumbhash';

const KEPT = 400;
const drawn = new Map<string, string>();

/** A data URL of some 3 kB; only for the browser, where it is not sent over the wire. */
export function drawThumbhash(hash: string): string {
  const known = drawn.get(hash);
  if (known) return known;
  const url = thumbHashToDataURL(bytesOf(hash));
  for (const oldest of drawn.keys()) {
    if (drawn.size < KEPT) break;
    drawn.delete(oldest);
  }
  drawn.set(hash, url);
  return url;
}

/** Its one colour, for the server's page. */
export function colourOf(hash: string): string {
  const { r, g, b } = thumbHashToAverageRGBA(bytesOf(hash));
  return `rgb(${[r, g, b].map((part) => Math.round(part * 255)).join(' ')})`;
}

function bytesOf(hash: string): Uint8Array {
  return Uint8Array.from(atob(hash), (letter) => letter.charCodeAt(0));
}
