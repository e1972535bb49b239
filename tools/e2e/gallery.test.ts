/** The gallery by hand, in Chromium, with a few thousand pictures: what is seen, what stands still, what the keys do. */
import { newId } from '@pixgen/domain';
import pg from 'pg';
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './browser.ts';
import { capture as captureScreen } from './capture.ts';
import { measureScroll, readLayoutShift, watchLayoutShift } from './measure-scroll.ts';
import { SCRIPTS } from './scripts.ts';
import { seedImages } from './seed-images.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';

const executable = findChromium();
const COUNT = 3_000;
const PICTURES = /\/i\/[0-9a-f-]{36}/;

describe.skipIf(executable === null)('the gallery in a browser', () => {
  let studio: StudioInBrowser;
  let page: Page;

  beforeAll(async () => {
    studio = await openStudio(executable ?? '');
    page = studio.page;
    await page.goto('/gallery');
    await page.getByText('No pictures yet').waitFor();
    await capture('gallery-empty');
    await seedImages(studio.product.stores, { userId: studio.userId, count: COUNT });
    await watchLayoutShift(page);
  });
  afterAll(() => studio?.stop());

  const list = () => page.getByRole('list', { name: 'Pictures', exact: true });
  const open = async (path = '/gallery') => {
    await page.goto(path);
    await page.waitForFunction(() => document.querySelectorAll('[data-tile]').length > 3);
    await untilTakenOver();
  };
  /** The browser has taken over from what the server drew. */
  const untilTakenOver = () => page.waitForFunction(() => document.querySelector('ul.masonry > li.absolute') !== null);
  const tileAt = (position: number) => page.locator(`li[aria-posinset="${position}"] > [data-tile]`);
  const idOf = (position: number) => tileAt(position).getAttribute('data-tile');
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-tile') ?? null);
  /** Scrolls there and gives the keyboard to the first picture that begins below `fromPx` on the screen. */
  async function focusAt(scrollTo: number, fromPx: number): Promise<{ id: string; position: number }> {
    await page.evaluate((top) => window.scrollTo({ top, behavior: 'instant' }), scrollTo);
    const found = await page.waitForFunction((from) => {
      const tiles = [...document.querySelectorAll<HTMLElement>('[data-tile]')];
      // Nothing that is still to come may move into the window.
      if (document.querySelector('ul.masonry > li[aria-hidden]')) return null;
      const tile = tiles.find((one) => one.getBoundingClientRect().top > from && one.getBoundingClientRect().top < 700);
      if (!tile || tile.querySelector('img')?.alt === 'Picture') return null;
      tile.focus({ preventScroll: true });
      return { id: tile.dataset.tile ?? '', position: Number(tile.parentElement?.getAttribute('aria-posinset')) };
    }, fromPx);
    return (await found.jsonValue()) ?? { id: '', position: 0 };
  }
  const total = (text: string) => page.getByRole('status').filter({ hasText: text }).first().waitFor();

  /** Where tiles stand on the screen, by id. */
  const standing = () =>
    page.evaluate(() =>
      Object.fromEntries(
        [...document.querySelectorAll('[data-tile]')].flatMap((tile) => {
          const { top, left, bottom } = tile.getBoundingClientRect();
          const seen = bottom > 0 && top < innerHeight;
          return seen ? [[tile.getAttribute('data-tile') ?? '', [Math.round(top), Math.round(left)]]] : [];
        }),
      ),
    );

  // A window of it: the page is thousands of pictures long.
  const capture = (name: string) => captureScreen(page, name, { whole: false });

  it('draws the first pictures on the server, where they stay when the browser takes over', async () => {
    for (const width of [1440, 360]) {
      await page.setViewportSize({ width, height: 900 });
      await page.route(SCRIPTS, (route) => route.abort());
      await page.goto('/gallery');
      await page.waitForFunction(() => {
        const tiles = [...document.querySelectorAll('[data-tile]')];
        return tiles.length > 30 && tiles.every((tile) => tile.getBoundingClientRect().height > 0);
      });
      const drawn = await standing();
      await page.unroute(SCRIPTS);
      expect(Object.keys(drawn).length).toBeGreaterThan(3);
      await open();
      expect(await readLayoutShift(page)).toBeLessThan(0.05);
      const taken = await standing();
      for (const [id, [top = 0, left = 0]] of Object.entries(drawn)) {
        expect(Math.abs((taken[id]?.[0] ?? Number.NaN) - top), id).toBeLessThanOrEqual(1);
        expect(Math.abs((taken[id]?.[1] ?? Number.NaN) - left), id).toBeLessThanOrEqual(1);
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.waitForFunction(() =>
      [...document.querySelectorAll<HTMLImageElement>('[data-tile] img')]
        .slice(0, 8)
        .every((image) => image.naturalWidth > 0),
    );
    await capture('gallery');
  });

  it('serves small AVIFs of one’s own, with a placeholder from the second time on', async () => {
    await open();
    const image = tileAt(1).locator('img');
    const src = await image.evaluate((element: HTMLImageElement) => element.currentSrc);
    expect(src).toMatch(/\/i\/[0-9a-f-]{36}\?w=(256|384)$/);
    const answer = await page.request.get(src, { headers: { accept: 'image/avif' } });
    expect(answer.headers()).toMatchObject({ 'content-type': 'image/avif' });
    expect(answer.headers()['cache-control']).toMatch(/private.*immutable/);
    // Pictures are held back: what is seen until then is the placeholder.
    const held: Route[] = [];
    let isHolding = true;
    await page.route(PICTURES, (route) => (isHolding ? void held.push(route) : route.continue()));
    await page.goto('/gallery', { waitUntil: 'domcontentloaded' });
    await untilTakenOver();
    await expect
      .poll(() => image.evaluate((element: HTMLElement) => element.style.backgroundImage))
      .toMatch(/^url\("data:/);
    isHolding = false;
    await Promise.all(held.map((route) => route.continue()));
    await page.waitForFunction(() => document.querySelector<HTMLImageElement>('[data-tile] img')?.naturalWidth);
    // The picture covers the whole of it.
    const covers = (element: HTMLImageElement) =>
      element.complete && element.naturalWidth > 0 && getComputedStyle(element).objectFit === 'cover';
    await expect.poll(() => image.evaluate(covers)).toBe(true);
    await page.unroute(PICTURES);
  });

  it('keeps few pictures in the document, however far one scrolls, and no long frames', async () => {
    await open();
    // Each entry of the history is a navigation to the browser: none comes with every frame.
    await page.evaluate(() => {
      const { replaceState } = History.prototype;
      History.prototype.replaceState = function count(...entry) {
        document.documentElement.dataset.kept = String(Number(document.documentElement.dataset.kept ?? 0) + 1);
        replaceState.apply(this, entry);
      };
    });
    await measureScroll(page, { frames: 240, stepPx: 40, jumps: 0 });
    expect(await page.evaluate(() => Number(document.documentElement.dataset.kept ?? 0))).toBeLessThanOrEqual(24);
    await page.waitForFunction(() => window.history.state?.galleryTop === window.scrollY);
    const cost = await measureScroll(page, { frames: 240, stepPx: 40, jumps: 8 });
    expect(cost.maxTiles).toBeLessThan(120);
    expect(cost.maxDomNodes).toBeLessThan(2_500);
    expect(cost.heapBytes).toBeLessThan(80 * 1024 * 1024);
    expect(cost.layoutShift).toBeLessThan(0.05);
    // The bar reaches the very last one.
    await page.keyboard.press('End');
    await tileAt(COUNT).waitFor();
  });

  it('finds by words, filters and days, all in the address, and tells no match from an empty gallery', async () => {
    await open();
    await page.getByRole('searchbox', { name: 'Search prompts' }).fill('heron');
    await total('3 pictures found');
    expect(page.url()).toContain('q=heron');
    await page.getByRole('button', { name: /^Filters/ }).click();
    await page.getByLabel('Rating').selectOption('1');
    await total('3 pictures found');
    expect(page.url()).toContain('rating=1');
    await page.reload();
    await total('3 pictures found');
    await capture('gallery-filters');
    await page.getByLabel('From').fill('2020-01-01');
    await page.getByLabel('To').fill('2020-01-02');
    await page.getByText('Nothing matches').waitFor();
    await capture('gallery-no-match');
    await page.getByRole('button', { name: 'Show all pictures' }).click();
    await total('3,000 pictures');
    await page.goBack();
    await page.getByText('Nothing matches').waitFor();
  });

  it('shows numbered pages too, also without scripts', async () => {
    await open('/gallery?page=2');
    expect(await list().getByRole('listitem').count()).toBeGreaterThan(10);
    await tileAt(61).waitFor();
    await page.getByRole('link', { name: 'Next' }).click();
    await page.waitForURL('**page=3');
    await tileAt(121).waitFor();
    await capture('gallery-page');
    const plain = await studio.browser.newContext({
      baseURL: studio.product.publicUrl,
      javaScriptEnabled: false,
      storageState: await studio.context.storageState(),
    });
    const bare = await plain.newPage();
    await bare.goto('/gallery?page=2');
    const links = bare.getByRole('list', { name: 'Pictures', exact: true }).getByRole('link');
    await links.first().waitFor();
    expect(await links.count()).toBe(60);
    await plain.close();
  });

  it('moves with the arrows, and one key each marks, rates and takes back, without moving anything', async () => {
    await open();
    const { id } = await focusAt(2_000, 150);
    const tile = page.locator(`[data-tile="${id}"]`);
    const before = await standing();
    const favourite = await tile.textContent().then((text) => text?.includes('favourite'));
    await page.keyboard.press('f');
    await page.keyboard.press('4');
    await expect.poll(() => tile.textContent()).toMatch(/rated 4 of 5/);
    await expect.poll(() => tile.textContent().then((text) => text?.includes('favourite'))).toBe(!favourite);
    expect(await standing()).toEqual(before);
    expect(await focused()).toBe(id);
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await expect.poll(() => tile.textContent().then((text) => text?.includes('favourite'))).toBe(favourite);
    await page.keyboard.press('ArrowRight');
    await expect.poll(focused).not.toBe(id);
    for (const key of ['ArrowDown', 'ArrowUp', 'ArrowLeft']) await page.keyboard.press(key);
    await expect.poll(focused).toBe(id);
  });

  it('keeps every other picture and the keyboard in place when one is deleted and brought back', async () => {
    await open();
    const { id, position } = await focusAt(3_000, 350);
    const next = await idOf(position + 1);
    const before = await standing();
    await page.keyboard.press('Delete');
    await total('2,999 pictures');
    await expect.poll(focused).toBe(next);
    const after = await standing();
    expect(after[id]).toBeUndefined();
    for (let earlier = position - 1; earlier > position - 6; earlier -= 1) {
      const other = (await idOf(earlier)) ?? '';
      if (before[other]) expect([other, after[other]]).toEqual([other, before[other]]);
    }
    await page.keyboard.press('Control+z');
    await total('3,000 pictures');
    await expect.poll(standing).toEqual(before);
    await page.keyboard.press('Delete');
    await capture('gallery-undo');
    expect(await page.getByRole('button', { name: /new$/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await total('3,000 pictures');
  });

  it('opens a picture at its own address; arrows, a reload and going back lose nothing', async () => {
    await open();
    const { id, position } = await focusAt(1_500, 150);
    const next = await idOf(position + 1);
    const scrolled = await page.evaluate(() => window.scrollY);
    await page.keyboard.press(' ');
    const dialog = page.getByRole('dialog', { name: 'Picture' });
    await dialog.waitFor();
    expect(page.url()).toContain(`/gallery/${id}`);
    await dialog.getByRole('complementary', { name: 'Recipe' }).getByText('What the model read').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(`**/gallery/${next}*`);
    await page.waitForFunction(() => {
      const image = document.querySelector<HTMLImageElement>('.yarl__slide_current img');
      return image?.complete && image.naturalWidth > 0;
    });
    await capture('lightbox');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => page.url()).toMatch(/\/gallery$/);
    await expect.poll(focused).toBe(next);
    expect(Math.abs((await page.evaluate(() => window.scrollY)) - scrolled)).toBeLessThan(600);
    await page.goto(`/gallery/${id}`);
    await page.getByRole('complementary', { name: 'Recipe' }).waitFor();
    // Drawn by the server; keys work once React has taken over.
    await page.waitForFunction(() => {
      const recipe = document.querySelector('[aria-label="Recipe"]');
      return recipe !== null && Object.keys(recipe).some((key) => key.startsWith('__reactProps'));
    });
    await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(`**/gallery/${next}*`);
    await page.getByRole('complementary', { name: 'Recipe' }).waitFor();
    await capture('picture-page');
    await page.keyboard.press('Delete');
    await page.getByText('This picture is in the trash').waitFor();
    await capture('picture-trash');
    await page.keyboard.press('Control+z');
    await page.getByText('This picture is in the trash').waitFor({ state: 'detached' });
  });

  it('takes a new picture in only when asked, with a pill', async () => {
    await open();
    await focusAt(900, 150);
    const before = await standing();
    await seedImages(studio.product.stores, { userId: studio.userId, count: 3 });
    // What a live event does: the count is asked for again.
    await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')));
    const pill = page.getByRole('button', { name: '3 new' });
    await pill.waitFor();
    expect(await standing()).toEqual(before);
    await capture('gallery-pill');
    await pill.click();
    await total('3,003 pictures');
    expect(await page.evaluate(() => window.scrollY)).toBe(0);
  });

  it('comes back to where one was last, also when that was the moment before', async () => {
    await open();
    await focusAt(1_500, 150);
    await page.waitForFunction(() => window.history.state?.galleryTop === window.scrollY);
    // Before anything is told of the scroll.
    await page.evaluate(() => window.scrollTo({ top: 0, behavior: 'instant' }));
    await page.reload();
    await untilTakenOver();
    await tileAt(2).waitFor();
    expect(await page.evaluate(() => window.scrollY)).toBe(0);
    // The history's entry, by which one comes back from elsewhere, says the same.
    expect(await page.evaluate(() => window.history.state.galleryTop)).toBe(0);
  });

  it('selects a range and everything, packs a zip that is still there after a reload, and deletes with a way back', async () => {
    await open();
    await tileAt(2).focus();
    await page.keyboard.press('x');
    await tileAt(5).click({ modifiers: ['Shift'] });
    const bar = page.getByRole('toolbar', { name: 'Selected pictures' });
    await bar.getByText('4 selected').waitFor();
    await capture('gallery-selection');
    await studio.product.services.worker?.kill('SIGSTOP');
    await bar.getByRole('button', { name: 'Download' }).click();
    await page.getByRole('list', { name: 'Acts on many pictures' }).getByRole('progressbar').waitFor();
    await capture('gallery-operation');
    await studio.product.services.worker?.kill('SIGCONT');
    await page.getByRole('button', { name: /Save the zip/ }).waitFor();
    await page.reload();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: /Save the zip/ }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^pixgen-.*\.zip$/);
    await capture('gallery-download');
    // What is refused is said, and does not wait for somebody to wonder.
    await page.route('**/trpc/*bulk.file*', (route) => route.abort());
    await page.getByRole('button', { name: /Save the zip/ }).click();
    await page
      .getByRole('alert')
      .filter({ hasText: /cannot be reached|connection/i })
      .waitFor();
    await page.unroute('**/trpc/*bulk.file*');
    await page.getByRole('alert').getByRole('button', { name: 'Dismiss' }).click();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await untilTakenOver();
    await failNewestOperation(studio);
    await page.reload();
    await page.getByRole('list', { name: 'Acts on many pictures' }).getByRole('alert').waitFor();
    await capture('gallery-operation-failed');
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await untilTakenOver();
    await page.getByRole('searchbox', { name: 'Search prompts' }).fill('rain');
    await page.getByText(/pictures found/).waitFor();
    const found = Number((await page.getByText(/pictures found/).textContent())?.replace(/\D/g, ''));
    expect(found).toBeGreaterThan(400);
    await tileAt(1).focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('x');
    await bar.getByText(`${found - 1} selected`).waitFor();
    await bar.getByRole('button', { name: 'Delete' }).click();
    await total('1 picture found');
    await page.getByRole('button', { name: 'Undo' }).click();
    await total(`${found} pictures found`);
  });

  it('brings pictures back from the trash', async () => {
    await open();
    await tileAt(1).focus();
    const id = await idOf(1);
    await page.keyboard.press('Delete');
    await total('3,002 pictures');
    await page.getByText('Trash', { exact: true }).click();
    await total('1 picture');
    await page.locator(`[data-tile="${id}"]`).waitFor();
    await capture('gallery-trash');
    await page.locator(`[data-tile="${id}"]`).focus();
    // It leaves at once; the next page must not be asked for before the server knows.
    const answered = page.waitForResponse((response) => response.url().includes('images.restore'));
    await page.keyboard.press('Delete');
    await page.getByText('The trash is empty').waitFor();
    await answered;
    await open();
    await total('3,003 pictures');
  });

  it('compares two pictures in three ways, and says where their recipes differ', async () => {
    await open();
    await tileAt(1).focus();
    await page.keyboard.press('x');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('x');
    await page.keyboard.press('c');
    await page.waitForURL('**/compare?*');
    await page.getByRole('table').getByText('Seed').waitFor();
    await page.waitForFunction(() =>
      [...document.querySelectorAll('main img')].every((image) => (image as HTMLImageElement).naturalWidth > 0),
    );
    await capture('compare-slider');
    for (const [name, mode] of [
      ['Side by side', 'side'],
      ['Blink', 'blink'],
    ] as const) {
      await page.getByText(name, { exact: true }).click();
      await page.waitForURL(`**mode=${mode}*`);
      await capture(`compare-${mode}`);
    }
    await page.goto('/compare?a=x');
    await page.getByText('Choose two pictures').waitFor();
  });

  it('raised no error', () => {
    expect(studio.faults).toEqual([]);
  });
});

/** As the worker writes it after its last try. A copy, because the real one was put aside. */
async function failNewestOperation({ product }: StudioInBrowser): Promise<void> {
  const client = new pg.Client({ connectionString: product.stores.DATABASE_URL });
  await client.connect();
  try {
    await client.query(
      `INSERT INTO "BulkOperation" SELECT (jsonb_populate_record(o, jsonb_build_object(
         'id', $1::text, 'idempotencyKey', $1::text, 'state', 'failed', 'failureCode', 'STORAGE_UNAVAILABLE', 'files', '[]'::jsonb))).*
       FROM "BulkOperation" o ORDER BY id DESC LIMIT 1`,
      [newId()],
    );
  } finally {
    await client.end();
  }
}
