import { GeistMono } from 'geist/font/mono';
import localFont from 'next/font/local';

/**
 * All of its weights in one file. One that comes late is kept for the next page: put in place of another it breaks lines and
 * rows elsewhere, and half of a narrow page moves.
 */
const sans = localFont({
  src: '../../node_modules/geist/dist/fonts/geist-sans/Geist-Variable.woff2',
  variable: '--font-geist-sans',
  weight: '100 900',
  display: 'optional',
});

/** One cut of Geist Serif: the package's own entry would load all five. Only large lines use it, so it may come late. */
const serif = localFont({
  src: '../../node_modules/geist/dist/fonts/geist-serif/GeistSerif-Regular.woff2',
  variable: '--font-geist-serif',
  weight: '400',
  preload: false,
  adjustFontFallback: 'Times New Roman',
});

export const FONT_CLASSES = `${sans.variable} ${GeistMono.variable} ${serif.variable}`;
