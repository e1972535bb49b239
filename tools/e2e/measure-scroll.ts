/** What the gallery costs a browser while somebody scrolls through it. */
import type { Page } from 'playwright-core';

export type ScrollCost = {
  frames: number;
  /** 95 of 100 frames came within this. */
  p95FrameMs: number;
  worstFrameMs: number;
  /** At the busiest moment. */
  maxDomNodes: number;
  maxTiles: number;
  heapBytes: number;
  /** Layout shifts without an input: https://web.dev/articles/cls. */
  layoutShift: number;
};

/**
 * Scrolls by `stepPx` a frame for `frames` frames, as a wheel held down, then drags the bar through the whole list in jumps.
 * The heap is what is left after a collection.
 */
export async function measureScroll(
  page: Page,
  options: { frames: number; stepPx: number; jumps: number },
): Promise<ScrollCost> {
  const smooth = await page.evaluate(async ({ frames, stepPx }) => {
    const times: number[] = [];
    let [nodes, tiles] = [0, 0];
    const next = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
    let last = await next();
    for (let frame = 0; frame < frames; frame += 1) {
      window.scrollBy({ top: stepPx, behavior: 'instant' });
      const now = await next();
      times.push(now - last);
      last = now;
      if (frame % 20 === 0) {
        nodes = Math.max(nodes, document.querySelectorAll('*').length);
        tiles = Math.max(tiles, document.querySelectorAll('[data-tile]').length);
        last = await next();
      }
    }
    times.sort((a, b) => a - b);
    return { p95: times[Math.floor(times.length * 0.95)] ?? 0, worst: times.at(-1) ?? 0, nodes, tiles };
  }, options);
  const { jumps } = options;
  let [maxDomNodes, maxTiles] = [smooth.nodes, smooth.tiles];
  for (let jump = 1; jump <= jumps; jump += 1) {
    await page.evaluate(
      (share) => window.scrollTo({ top: share * document.documentElement.scrollHeight, behavior: 'instant' }),
      jump / jumps,
    );
    await page.waitForFunction(() => {
      const seen = [...document.querySelectorAll('[data-tile]')].filter((tile) => {
        const { top, bottom } = tile.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
      });
      return seen.length > 3;
    });
    const now = await page.evaluate(() => [
      document.querySelectorAll('*').length,
      document.querySelectorAll('[data-tile]').length,
    ]);
    maxDomNodes = Math.max(maxDomNodes, now[0] ?? 0);
    maxTiles = Math.max(maxTiles, now[1] ?? 0);
  }
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return {
    frames: options.frames,
    p95FrameMs: round(smooth.p95),
    worstFrameMs: round(smooth.worst),
    maxDomNodes,
    maxTiles,
    heapBytes: usedSize,
    layoutShift: await readLayoutShift(page),
  };
}

/** Call before the page is opened: shifts are counted from its first paint. */
export async function watchLayoutShift(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const counted = window as unknown as { layoutShift: number };
    counted.layoutShift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
        if (!entry.hadRecentInput) counted.layoutShift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

export function readLayoutShift(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { layoutShift: number }).layoutShift ?? 0);
}

const round = (ms: number): number => Math.round(ms * 10) / 10;
