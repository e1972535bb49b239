/** next/image's loader: the API draws each image at the widths of `next.config.ts`. `src` is `/i/{id}` or `/p/{id}`. */
export default function imageLoader({ src, width }: { src: string; width: number }): string {
  return src.startsWith('/i/') || src.startsWith('/p/') ? `${src}?w=${width}` : src;
}
