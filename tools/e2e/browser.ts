/** Headless Chromium for the browser tests. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** The headless shell first: the same engine without the windows of a browser, which cost a quarter of its processor time. */
const PLACES = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Where Chromium is, or null; with `CI=true` its absence is a failure, elsewhere a reason to skip. */
export function findChromium(): string | null {
  const found = [process.env.CHROMIUM_PATH ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));
  if (found) return found;
  if (process.env.CI) throw new Error('Chromium is missing: install it or set CHROMIUM_PATH.');
  process.stderr.write(
    'Browser tests are skipped: install Chromium (Debian: apt-get install chromium-headless-shell) or set CHROMIUM_PATH.\n',
  );
  return null;
}

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}
