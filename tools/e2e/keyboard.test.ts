/** The main job without a pointer, in Chromium: nothing here presses a mouse button or puts the focus anywhere by itself. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './browser.ts';
import { drawUploads } from './files.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';

const executable = findChromium();
/** More than any page has stops; further than that nobody goes. */
const MAX_STOPS = 90;

describe.skipIf(executable === null)('with the keyboard alone', { timeout: 180_000 }, () => {
  let studio: StudioInBrowser;
  let page: Page;

  beforeAll(async () => {
    studio = await openStudio(executable ?? '');
    const context = await studio.browser.newContext({
      baseURL: studio.product.publicUrl,
      viewport: { width: 1440, height: 900 },
    });
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => studio.faults.push(`${page.url()}: ${error.message}`));
    // Asked for from the start: the key that opens it would be faster than the wish to hear of it.
    page.on('filechooser', () => undefined);
  });
  afterAll(() => studio?.stop());

  const press = (...keys: string[]) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), done);
  const done = Promise.resolve();
  const isFocused = (target: Locator) => target.evaluate((element) => element === document.activeElement);

  /** Goes on with Tab, or back with Shift+Tab, until the focus is there, where it has to be seen. */
  async function tabTo(target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    await target.waitFor();
    for (let stop = 0; !(await isFocused(target)); stop += 1) {
      if (stop > MAX_STOPS) throw new Error(`${page.url()}: Tab never comes to ${target}`);
      await page.keyboard.press(key);
    }
    // Drawn by the server; a press does something once React has taken over.
    await page.waitForFunction(() =>
      Object.keys(document.activeElement ?? {}).some((key) => key.startsWith('__react')),
    );
    expect(await page.evaluate(seeFocus), `${page.url()}: ${target}`).toEqual({ ring: true, covered: false });
  }
  async function activate(target: Locator): Promise<void> {
    await tabTo(target);
    await page.keyboard.press('Enter');
  }
  async function write(label: string, text: string): Promise<void> {
    await tabTo(page.getByLabel(label, { exact: true }));
    await page.keyboard.type(text);
  }
  const link = (name: string | RegExp) => page.getByRole('main').getByRole('link', { name }).first();
  const button = (name: string | RegExp) => page.getByRole('button', { name });

  it('makes an account', async () => {
    await page.goto('/');
    await activate(link('Create an account'));
    await page.waitForURL('**/sign-up');
    await write('Your name', 'Grace');
    await write('E-mail', 'grace@example.test');
    await write('Password', 'another long password');
    await press('Enter');
    await page.waitForURL('**/home');
  });

  it('passes over the navigation at once', async () => {
    await page.reload();
    // What is streamed takes the place of what waits for it a moment after it has come.
    await page.getByRole('heading', { level: 1 }).waitFor();
    await press('Tab', 'Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('main');
    await activate(link(/Train your first model|Train a model/));
    await page.waitForURL(/\/train/);
  });

  it('goes through the wizard, there and back', async () => {
    await write('Name', 'Biscuit');
    await write('What is it?', 'dog');
    await tabTo(page.getByRole('checkbox'));
    await press('Space');
    await activate(button('Continue to photos'));
    await page.waitForURL('**/photos');

    const choose = button('Choose photos');
    await tabTo(choose);
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press('Enter')]);
    const { good, bad } = await drawUploads();
    await chooser.setFiles([...good, bad]);
    await page.locator('[data-state=done]').nth(4).waitFor();
    await activate(button('Remove letter.jpg'));
    await page.getByText('letter.jpg').waitFor({ state: 'detached' });
    await activate(link('Continue to settings'));
    await page.waitForURL('**/settings');

    // One stop for the three, arrows between them.
    await tabTo(page.locator('input[name=preset]:checked'));
    const before = await page.locator('input[name=preset]:checked').inputValue();
    await press('ArrowUp');
    expect(await page.locator('input[name=preset]:checked').inputValue()).not.toBe(before);
    await tabTo(page.locator('summary'));
    await press('Enter');
    await tabTo(page.getByLabel('Steps', { exact: true }));
    await press('Control+a');
    await page.keyboard.type('44');
    await activate(button('Continue to review'));
    await page.waitForURL('**/review');
    await page.getByText('44 steps').waitFor();

    await tabTo(link(/^Back$/));
    await press('Enter');
    await page.waitForURL('**/settings');
    await activate(button('Continue to review'));
    await page.waitForURL('**/review');
  });

  it('trains, and asks before it cancels', async () => {
    await studio.controlGpu({ stepMs: 500, progressMs: 200 });
    await activate(button(/Start training/));
    await page.waitForURL('**/models/*');
    await activate(button('Cancel training'));
    const question = page.getByRole('alertdialog');
    await question.waitFor();
    // The way out is where the keyboard is, Escape leaves too, and the focus comes back to where it was.
    await expect.poll(() => question.evaluate((element) => element.contains(document.activeElement))).toBe(true);
    await press('Escape');
    await question.waitFor({ state: 'detached' });
    await expect.poll(() => isFocused(button('Cancel training'))).toBe(true);
    await studio.controlGpu({ stepMs: 0 });
    await page.getByText('Ready', { exact: true }).first().waitFor({ timeout: 60_000 });
  });

  it('draws, and opens a picture and the one after it', async () => {
    await activate(link('Generate'));
    await page.waitForURL('**/studio?*');
    await write('Prompt', 'in the rain');
    await tabTo(page.getByLabel('Number of pictures'));
    await press('ArrowLeft');
    await tabTo(button(/^Generate 3/), 'Shift+Tab');
    await press('Enter');
    const ready = page.locator('li[data-state=ready]');
    await ready.nth(2).waitFor();

    // What a picture leads to is a menu: open, down, and away again.
    await tabTo(ready.first().getByRole('button', { name: 'More with this picture' }));
    await press('Enter');
    await page.getByRole('menuitem').first().waitFor();
    await press('ArrowDown', 'Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });

    await tabTo(ready.first().getByRole('link'), 'Shift+Tab');
    await press('Enter');
    await page.waitForURL('**/gallery/*');
    const opened = page.url();
    await page.getByRole('complementary', { name: 'Recipe' }).waitFor();
    await activate(
      page.getByRole('link', { name: 'Next picture' }).or(page.getByRole('link', { name: 'Previous picture' })),
    );
    await expect.poll(() => page.url()).not.toBe(opened);
    await page.getByRole('complementary', { name: 'Recipe' }).waitFor();
    // Pressed again where it came before the page was alive, as a person would.
    await expect
      .poll(async () => {
        await press('Escape');
        return page.url();
      })
      .toMatch(/\/gallery$/);
  });

  it('sees it large from the gallery, and comes back to where it was', async () => {
    const tile = page.locator('[data-tile][tabindex="0"]');
    await tabTo(tile);
    await press('Enter');
    const large = page.getByRole('dialog', { name: 'Picture' });
    await large.waitFor();
    await press('Escape');
    await large.waitFor({ state: 'detached' });
    await expect.poll(() => isFocused(tile)).toBe(true);
  });

  it('puts an act on another key, after a reload too', async () => {
    const tile = page.locator('[data-tile][tabindex="0"]');
    const heart = page.locator('[data-tile][tabindex="0"] ~ button').last();
    const isFavourite = () => heart.getAttribute('aria-pressed');
    await press('?');
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await activate(sheet.getByRole('button', { name: /^Favourite: f/ }));
    await press('x');
    await sheet.getByText('That key is taken: Select').waitFor();
    await press('F5');
    await sheet.getByText('Only a single character').waitFor();
    await press('Space');
    await sheet.getByText('That key is taken: Open').waitFor();
    await press('Escape');
    await sheet.getByRole('button', { name: /^Favourite: f/ }).waitFor();
    await press('Enter', 'l');
    await sheet.getByRole('button', { name: /^Favourite: l/ }).waitFor();
    await press('Escape');
    await sheet.waitFor({ state: 'detached' });

    await page.reload();
    await tabTo(tile);
    expect(await isFavourite()).toBe('false');
    await press('f', 'l');
    await expect.poll(isFavourite).toBe('true');
    await press('l');
    await expect.poll(isFavourite).toBe('false');

    await press('?');
    await activate(sheet.getByRole('button', { name: 'Back to the usual keys' }));
    await sheet.getByRole('button', { name: /^Favourite: f/ }).waitFor();
    await press('Escape');
    await sheet.waitFor({ state: 'detached' });
    await tabTo(tile);
    await press('f');
    await expect.poll(isFavourite).toBe('true');
  });

  it('raised no error', () => {
    expect(studio.faults).toEqual([]);
  });
});

/** Whether the focus shows on the element, or on the label or the box around it, and whether something lies over all of it. */
function seeFocus(): { ring: boolean; covered: boolean } {
  const element = document.activeElement as HTMLElement;
  const around = [element, element.closest('label'), element.parentElement].filter((one) => one !== null);
  const ring = around.some((one) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
  });
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const points = [0.1, 0.5, 0.9].flatMap((x) =>
    [0.1, 0.5, 0.9].map((y) => [left + (right - left) * x, top + (bottom - top) * y] as const),
  );
  const covered = points.every(([x, y]) => {
    const upper = document.elementFromPoint(x, y);
    return upper === null || !around.some((one) => one.contains(upper) || upper.contains(one));
  });
  return { ring, covered };
}
