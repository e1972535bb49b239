import { DELIVERY_WIDTHS } from '@pixgen/domain';

/** True for what the API draws at several widths: `/i/{id}`, `/p/{id}` and `/s/{id}`. */
export const isDelivered = (src: string): boolean => /^\/[ips]\//.test(src);

/**
 * The widths that a picture is drawn at, for `srcset`, up to the first that holds all of it.
 * @param src one that {@link isDelivered}
 * @param width the picture's own, in pixels
 */
export function srcSetOf(src: string, width: number): string {
  const whole = DELIVERY_WIDTHS.find((drawn) => drawn >= width) ?? Number.POSITIVE_INFINITY;
  return DELIVERY_WIDTHS.filter((drawn) => drawn <= whole)
    .map((drawn) => `${src}?w=${drawn} ${drawn}w`)
    .join(', ');
}
