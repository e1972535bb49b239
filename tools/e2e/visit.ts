/** What happens to somebody who opens a page and then does nothing: what is loaded, and what moves. */
import { gzipSync } from 'node:zlib';
import type { BrowserContext, Page, Request, Route } from 'playwright-core';
import { readLayoutShift, watchLayoutShift } from './measure-scroll.ts';

export type Visit = {
  /** Scripts as gzip sends them, also those that an island fetches once it is alive. */
  scriptBytes: number;
  /** Layout shifts without an input: https://web.dev/articles/cls. */
  layoutShift: number;
  /** What stood elsewhere, or was of another size, once pictures and typeface had come. */
  moved: string[];
};

/** A picture, or the typeface of all but large lines. */
const LATE = /\/[ips]\/[0-9a-f-]{36}|\/Geist_Variable[^/]*\.woff2/;
const QUIET_MS = 500;
const sizes = new Map<string, number>();

/**
 * Pictures and the typeface are held back until the page stands. Links fetch nothing ahead: that is for the pages they lead to.
 */
export async function visit(context: BrowserContext, path: string, width: number): Promise<Visit> {
  const page = await context.newPage();
  try {
    await page.setViewportSize({ width, height: 900 });
    // What comes up like a print, or rises, is where it will be.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await watchLayoutShift(page);
    const quiet = watchRequests(page);
    const scripts = new Set<string>();
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script' && response.ok()) scripts.add(response.url());
    });
    const held: Route[] = [];
    let isHolding = true;
    await page.route(LATE, (route) => (isHolding ? void held.push(route) : route.continue()));
    await page.route(/[?&]_rsc=/, (route) =>
      route.request().headers()['next-router-prefetch'] ? route.abort() : route.continue(),
    );
    await page.goto(path, { waitUntil: 'domcontentloaded' });
    await page.waitForFunction(() => document.querySelector('[data-waiting]') === null);
    await quiet();
    await notePlaces(page);
    isHolding = false;
    await Promise.all(held.map((route) => route.continue()));
    await page.evaluate(() => document.fonts.ready);
    await page.waitForFunction(() =>
      [...document.images].every((image) => image.complete || image.getBoundingClientRect().top > innerHeight),
    );
    await quiet();
    const moved = await readMoved(page);
    let scriptBytes = 0;
    for (const url of scripts) {
      const known = sizes.get(url) ?? gzipSync(await (await context.request.get(url)).body()).length;
      sizes.set(url, known);
      scriptBytes += known;
    }
    return { scriptBytes, layoutShift: await readLayoutShift(page), moved };
  } finally {
    await page.close();
  }
}

/** @returns resolves when nothing was asked for and nothing came during half a second, streams and what is held back aside */
function watchRequests(page: Page): () => Promise<void> {
  const waiting = new Set<Request>();
  let lastAt = performance.now();
  const counts = (request: Request) => request.resourceType() !== 'eventsource' && !LATE.test(request.url());
  page.on('request', (request) => {
    if (!counts(request)) return;
    waiting.add(request);
    lastAt = performance.now();
  });
  const end = (request: Request) => {
    if (waiting.delete(request)) lastAt = performance.now();
  };
  page.on('requestfinished', end).on('requestfailed', end);
  return async () => {
    lastAt = performance.now();
    while (waiting.size > 0 || performance.now() - lastAt < QUIET_MS) await page.waitForTimeout(50);
  };
}

/**
 * Notes where everything of the page stands. By the element itself: a picture that came changes its classes, and what is new
 * changes everybody's number.
 */
function notePlaces(page: Page): Promise<void> {
  return page.evaluate(() => {
    const placeOf = (element: Element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      return [left, top + scrollY, width, height].map(Math.round).join(' ');
    };
    const places = new Map([...document.querySelectorAll('main *')].map((element) => [element, placeOf(element)]));
    (window as unknown as Noted).movedSince = () =>
      [...places].flatMap(([element, place]) => {
        // Texts that tell the time may get longer, what is around them may not.
        if (!element.isConnected || element.closest('time, svg, [role=status]')) return [];
        const now = placeOf(element);
        return now === place
          ? []
          : [`${element.tagName} ${element.className}`.slice(0, 120).concat(`: ${place} → ${now}`)];
      });
  });
}

/** @returns what was noted and is still there, but elsewhere or of another size */
function readMoved(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as Noted).movedSince());
}

type Noted = { movedSince: () => string[] };
