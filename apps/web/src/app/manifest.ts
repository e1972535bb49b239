import { PAPER } from '@pixgen/ui/theme';
import type { MetadataRoute } from 'next';
import icon192 from '@/shell/icons/icon-192.png';
import icon512 from '@/shell/icons/icon-512.png';
import maskable512 from '@/shell/icons/maskable-512.png';

/** What makes the studio an app on a phone or a desktop. Here is one colour only; pages name those of both themes. */
export default function manifest(): MetadataRoute.Manifest {
  const png = ({ src, width, height }: typeof icon192) => ({ src, sizes: `${width}x${height}`, type: 'image/png' });
  return {
    id: '/',
    name: 'PixGen',
    short_name: 'PixGen',
    description: 'A photo studio that knows one subject: yours.',
    lang: 'en',
    start_url: '/home',
    scope: '/',
    display: 'standalone',
    theme_color: PAPER.light,
    background_color: PAPER.light,
    icons: [
      { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' },
      png(icon192),
      png(icon512),
      { ...png(maskable512), purpose: 'maskable' },
    ],
    shortcuts: [
      { name: 'Studio', url: '/studio' },
      { name: 'Train a model', url: '/train' },
      { name: 'Gallery', url: '/gallery' },
    ],
  };
}
