import { GeistMono } from 'geist/font/mono';
import { GeistSans } from 'geist/font/sans';
import localFont from 'next/font/local';

/** One cut of Geist Serif: the package's own entry would load all five. Only large lines use it, so it may come late. */
const serif = localFont({
  src: '../../node_modules/geist/dist/fonts/geist-serif/GeistSerif-Regular.woff2',
  variable: '--font-geist-serif',
  weight: '400',
  preload: false,
  adjustFontFallback: 'Times New Roman',
});

export const FONT_CLASSES = `${GeistSans.variable} ${GeistMono.variable} ${serif.variable}`;
