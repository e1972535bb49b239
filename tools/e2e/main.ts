// `pnpm gallery`: the gallery with 50,000 pictures in a real browser. Prints what it costs; the exit status is 1 beyond a bound.
import { parseArgs } from 'node:util';
import { findChromium } from './browser.ts';
import { measureScroll, watchLayoutShift } from './measure-scroll.ts';
import { seedImages, sharePlaceholders } from './seed-images.ts';
import { openStudio } from './studio-in-browser.ts';

/** What may not be passed, whatever the number of pictures. */
const BOUNDS = {
  // Two frames of a display of 60 Hz.
  p95FrameMs: 33.4,
  maxTiles: 120,
  maxDomNodes: 2_500,
  heapBytes: 100 * 1024 * 1024,
  layoutShift: 0.05,
} as const;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { rows: { type: 'string', default: '50000' } } });
  const executable = findChromium();
  if (!executable) return 1;
  const studio = await openStudio(executable);
  try {
    const { page } = studio;
    const seedingFrom = performance.now();
    await seedImages(studio.product.stores, { userId: studio.userId, count: Number(values.rows) });
    console.log(`${values.rows} pictures in ${Math.round((performance.now() - seedingFrom) / 1000)} s`);
    await watchLayoutShift(page);
    const openingFrom = performance.now();
    await page.goto('/gallery');
    await page.waitForFunction(() => document.querySelector('ul.masonry > li.absolute img') !== null);
    const openedMs = Math.round(performance.now() - openingFrom);
    // Once there and back: the small versions of the few files that the pictures share exist then, as they do in life.
    await measureScroll(page, { frames: 60, stepPx: 60, jumps: 4 });
    while (!(await sharePlaceholders(studio.product.stores))) await page.waitForTimeout(500);
    await page.evaluate(() => window.scrollTo({ top: 0, behavior: 'instant' }));
    await page.reload();
    // What opening costs is told above; this is about scrolling a page that stands.
    await page.waitForFunction(() => {
      const seen = [...document.querySelectorAll<HTMLImageElement>('ul.masonry > li.absolute img')].filter(
        (image) => image.getBoundingClientRect().top < innerHeight,
      );
      return seen.length > 3 && seen.every(({ complete, alt }) => complete && alt !== 'Picture');
    });
    const cost = await measureScroll(page, { frames: 600, stepPx: 40, jumps: 25 });
    await page.keyboard.press('Home');
    const searchingFrom = performance.now();
    await page.getByRole('searchbox', { name: 'Search prompts' }).fill('heron');
    await page.getByText(/pictures found/).waitFor();
    const searchedMs = Math.round(performance.now() - searchingFrom);
    const over = Object.entries(BOUNDS).filter(([name, bound]) => cost[name as keyof typeof BOUNDS] > bound);
    console.log(
      JSON.stringify({ rows: Number(values.rows), openedMs, searchedMs, ...cost, over: over.map(([name]) => name) }),
    );
    return over.length === 0 && studio.faults.length === 0 ? 0 : 1;
  } finally {
    await studio.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
