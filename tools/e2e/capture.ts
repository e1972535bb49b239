/** Pictures of a screen for people to look at, and what must be true of it in every size and theme. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { expectAccessible } from './accessible.ts';
import { pictureName, SCREENSHOTS, THEMES, WINDOWS } from './pictures.ts';

/** `pnpm screens` takes all of a screen; the tests wide in light and narrow in dark, which shows each of the four once. */
const FULL = process.env.TEST_DOSE === 'full';

/**
 * Takes the page as it stands, in each size and theme of its dose. Fails in each when it scrolls sideways, or on anything
 * serious that axe finds.
 * @param options.whole the whole page, not only what the window shows
 * @param options.every in every size and theme, whatever the dose
 */
export async function capture(
  page: Page,
  name: string,
  options: { whole?: boolean; every?: boolean } = {},
): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const [standard] = WINDOWS;
  for (const [at, [width, height]] of WINDOWS.entries()) {
    for (const colorScheme of FULL || options.every ? THEMES : THEMES.slice(at, at + 1)) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await untilImagesLoaded(page);
      const path = join(SCREENSHOTS, pictureName(name, width, colorScheme));
      const whole = options.whole ?? true;
      // From the top: what sticks to the window would lie in the middle of a whole page that is scrolled.
      const scrolledTo = await page.evaluate(() => window.scrollY);
      if (whole) await page.evaluate(() => window.scrollTo({ top: 0, behavior: 'instant' }));
      // A change of theme fades from one colour to the other; the picture is of its end.
      await page.screenshot({ path, fullPage: whole, animations: 'disabled' });
      if (whole) await page.evaluate((top) => window.scrollTo({ top, behavior: 'instant' }), scrolledTo);
      expect(await findOverflow(page), `${name} scrolls sideways at ${width} px`).toEqual([]);
      expect(await findCutOff(page), `${name} cuts lists off at ${width} px`).toEqual([]);
      await expectAccessible(page, `${name}, ${width} px, ${colorScheme}`);
    }
  }
  await page.setViewportSize({ width: standard[0], height: standard[1] });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
}

/** Another window asks for other sizes of what it shows. */
async function untilImagesLoaded(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    [...document.images].every((image) => {
      const { top, bottom, left, right } = image.getBoundingClientRect();
      return image.complete || bottom < 0 || top > innerHeight || right < 0 || left > innerWidth;
    }),
  );
}

/** Elements that reach past the right edge, when the page can be scrolled sideways. */
function findOverflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 1,
    );
    return ['the page', ...wide.slice(-5).map((element) => element.outerHTML.slice(0, 300))];
  });
}

/** Lists whose rounded corners hide what does not fit: nothing scrolls, and the ends of their lines are missing. */
function findCutOff(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('ul, ol, dl')]
      .filter((list) => {
        const { overflowX } = getComputedStyle(list);
        return (overflowX === 'hidden' || overflowX === 'clip') && list.scrollWidth > list.clientWidth + 1;
      })
      .map((list) => list.outerHTML.slice(0, 300)),
  );
}
