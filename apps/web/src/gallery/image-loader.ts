/** next/image's loader: the API draws each image at the widths of `next.config.ts`. `src` is `/i/{id}`, `/p/{id}` or `/s/{id}`. */
export default function imageLoader({ src, width }: { src: string; width: number }): string {
  return /^\/[ips]\//.test(src) ? `${src}?w=${width}` : src;
}
