/** The pictures that browser tests take: which there are of a screen, and where they lie. */
import { join } from 'node:path';
import { repositoryRoot } from '../stack/paths.ts';

export const SCREENSHOTS = join(repositoryRoot, 'test-output', 'screenshots');
export const WINDOWS = [
  [1440, 900],
  [360, 740],
] as const;
export const THEMES = ['light', 'dark'] as const;

/** Where a picture lies: `gallery-empty-360-dark.png`. */
export const pictureName = (name: string, width: number, theme: string): string => `${name}-${width}-${theme}.png`;
