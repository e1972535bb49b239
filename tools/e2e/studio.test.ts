/** Studio, packs, activity, keys and administration by hand, in Chromium, on the whole product with a simulated GPU. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './browser.ts';
import { capture as captureScreen } from './capture.ts';
import { makeDraft } from './make-draft.ts';
import { holdScripts } from './scripts.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';

const executable = findChromium();
const REFUSE_HALF = { probability: 0.5, code: 'SAFETY_BLOCKED' } as const;
const REFUSE_ALL = { probability: 1, code: 'SAFETY_BLOCKED' } as const;

describe.skipIf(executable === null)('the studio in a browser', () => {
  let studio: StudioInBrowser;
  let page: Page;

  beforeAll(async () => {
    studio = await openStudio(executable ?? '');
    page = studio.page;
    await studio.controlGpu({ stepMs: 1 });
  });
  afterAll(() => studio?.stop());

  const capture = (name: string) => captureScreen(page, name);

  const prompt = () => page.getByRole('textbox', { name: 'Prompt', exact: true });
  const newest = () => page.getByRole('region', { name: 'Pictures', exact: true }).getByRole('article').first();
  const tiles = (state: string) => newest().locator(`li[data-state=${state}]`);
  /** The page has taken over from what the server drew. */
  const openStudioPage = async (path = '/studio') => {
    await page.goto(path);
    await prompt().waitFor();
    await page.waitForFunction(() =>
      Object.keys(document.querySelector('textarea') ?? {}).some((key) => key.startsWith('__reactProps')),
    );
    // `fill` first marks what is there and then types over it: the draft of before must not come in between.
    await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
  };

  /** Types while the browser has the server's page and none of its scripts yet, then lets those through. */
  const typeBeforeAlive = async (path: string, text: string) => {
    const letScriptsGo = await holdScripts(page);
    await page.goto(path, { waitUntil: 'commit' });
    await prompt().fill(text);
    await letScriptsGo();
  };

  it('trains a model and runs a pack in one order, which starts by itself', { timeout: 180_000 }, async () => {
    await makeDraft(page, 'Biscuit');
    await page.goto('/packs');
    await page.getByLabel('Search packs').fill('no pack is called so');
    await page.getByText('No pack matches').waitFor();
    await capture('packs-no-match');
    await page.getByLabel('Search packs').fill('cinematic');
    await page.getByRole('link', { name: /Cinematic Portraits/ }).click();
    await page.waitForURL('**/packs/cinematic-portraits*');
    await page.getByText('is trained with the balanced preset').waitFor();
    await capture('pack-train-first');
    await studio.controlGpu({ stepMs: 40 });
    await page.getByRole('button', { name: /^Train, then run/ }).click();
    await page.waitForURL('**/models/*');
    await page.getByText(/Then: Cinematic Portraits/).waitFor();
    await capture('model-with-pack');
    await studio.controlGpu({ stepMs: 0 });
    const run = page.getByRole('link', { name: 'Open the run' });
    await run.waitFor({ timeout: 60_000 });
    await run.click();
    await page.waitForURL('**/generations/*');
    await page.locator('li[data-state=ready]').nth(2).waitFor();
  });

  it('generates without a mouse, with a style, and shows each picture from its place in line to its preview', async () => {
    await openStudioPage();
    await capture('studio-empty-prompt');
    await studio.controlGpu({ imageMs: 2_400 });
    await prompt().focus();
    await page.keyboard.type('in the rain');
    await page.getByRole('button', { name: 'Film', exact: true }).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Control+Enter');
    await tiles('planned').nth(3).waitFor();
    await newest()
      .getByText(/^(No\. \d+ in line|Waits its turn)$/)
      .first()
      .waitFor();
    const preview = newest().locator('img[data-preview]').first();
    await preview.waitFor();
    expect(await preview.evaluate((image: HTMLImageElement) => [image.complete, image.naturalWidth > 0])).toEqual([
      true,
      true,
    ]);
    await capture('studio-drawing');
    await studio.controlGpu({ imageMs: 0 });
    await tiles('ready').nth(3).waitFor();
    expect(await newest().locator('img[data-preview]').count()).toBe(0);
    expect(await newest().getByRole('heading').textContent()).toContain('in the rain, 35 mm film');
    await capture('studio-drawn');
  });

  it('keeps the draft over a reload, and warns of a prompt that the model cannot read whole', async () => {
    await openStudioPage();
    await prompt().fill('a quiet harbour in the morning');
    await page.reload();
    await page.waitForFunction(() => document.querySelector('textarea')?.value === 'a quiet harbour in the morning');
    expect(await page.getByRole('button', { name: 'Film', exact: true }).getAttribute('aria-pressed')).toBe('true');
    await prompt().fill('word '.repeat(80));
    await page.getByText(/The base model reads 75/).waitFor();
    await prompt().fill('');
    await page.getByRole('button', { name: 'Film', exact: true }).click();
  });

  it('lets what is typed before the page is alive win over the stored draft, whose rest comes back', async () => {
    await openStudioPage();
    await prompt().fill('what was there before');
    await page.getByLabel('Number of pictures').fill('2');
    await page.reload();
    await page.waitForFunction(() => document.querySelector('textarea')?.value === 'what was there before');
    await typeBeforeAlive('/studio', 'what was typed');
    await page.waitForFunction(
      () =>
        document.querySelector('textarea')?.value !== 'what was typed' ||
        [...document.querySelectorAll('button')].some(({ textContent }) => textContent?.startsWith('Generate 2')),
    );
    expect(await prompt().inputValue()).toBe('what was typed');
    await page.getByLabel('Number of pictures').fill('4');
    await prompt().fill('');
  });

  it('lets what is typed before the page is alive win over the prompt that a link brought', async () => {
    await typeBeforeAlive('/studio?prompt=what%20the%20link%20says', 'what was typed');
    // The page is alive once it has taken the link's prompt out of its address.
    await page.waitForURL((url) => !url.searchParams.has('prompt'));
    await page.waitForFunction(() => document.querySelector('textarea')?.value === 'what was typed');
    await page.reload();
    await page.waitForFunction(() => document.querySelector('textarea')?.value === 'what was typed');
    await prompt().fill('');
  });

  it('brings an earlier prompt back from the history', async () => {
    await page.getByRole('button', { name: 'Prompt history' }).click();
    await page.getByLabel('Search your prompts').fill('nothing is called so');
    await page.getByText('No prompt matches').waitFor();
    await page.getByLabel('Search your prompts').fill('rain');
    const found = page.getByRole('list', { name: 'Your prompts' }).getByRole('button');
    await found.first().waitFor();
    await capture('studio-history');
    await found.first().click();
    expect(await prompt().inputValue()).toBe('in the rain');
    expect(await page.getByRole('button', { name: 'Film', exact: true }).getAttribute('aria-pressed')).toBe('true');
  });

  it('restores the recipe of a picture that is dropped on the page, and names a file that is none', async () => {
    const src = await tiles('ready').first().locator('img').getAttribute('src');
    const id = /\/i\/([0-9a-f-]{36})/.exec(src ?? '')?.[1] ?? '';
    const answer = await page.request.get(`/i/${id}`);
    const stored = await fetchStored(id);
    expect(answer.ok()).toBe(true);
    await openStudioPage();
    // The draft comes back first.
    await expect.poll(() => prompt().inputValue()).not.toBe('');
    await prompt().fill('something else');
    await drop('letter.png', Buffer.from('Dear reader'));
    await page.getByText('There is no PixGen recipe in this file').waitFor();
    expect(await prompt().inputValue()).toBe('something else');
    await drop('picture.png', stored);
    await page.getByText('The recipe is restored').waitFor();
    expect(await prompt().inputValue()).toContain('in the rain');
    expect(await page.getByLabel('Seed').inputValue()).toMatch(/^\d+$/);
    await capture('studio-restored');
  });

  it('draws a picture again exactly, and varies it', async () => {
    await openStudioPage();
    const before = await newest().getAttribute('aria-label');
    const seedOf = async () => {
      await newest().getByRole('heading').getByRole('link').click();
      await page.waitForURL('**/generations/*');
      const seed = await page.getByText('First seed').locator('xpath=following-sibling::*').textContent();
      await openStudioPage();
      return Number(seed);
    };
    const seed = await seedOf();
    const act = async (name: string, count: number) => {
      await tiles('ready').first().hover();
      await tiles('ready').first().getByRole('button', { name: 'More with this picture' }).click();
      await page.getByRole('menuitem', { name }).click();
      await newest()
        .getByRole('status')
        .filter({ hasText: `${count} of ${count}` })
        .waitFor();
    };
    await act('Draw it again exactly', 1);
    expect(await newest().getAttribute('aria-label')).toBe(before);
    expect(await seedOf()).toBe(seed);
    await act('Vary: four more', 4);
    expect(await seedOf()).toBe(seed + 1);
  });

  it('keeps what a failing order drew, and draws only what is missing', { timeout: 120_000 }, async () => {
    await studio.controlGpu({ failImage: REFUSE_HALF, seed: 3 });
    await page.goto('/packs/cinematic-portraits');
    await page.getByRole('button', { name: /^Run pack/ }).waitFor();
    await page.getByLabel('Pictures per prompt').fill('3');
    await page.getByRole('button', { name: /^Run pack/ }).click();
    await page.waitForURL('**/generations/*');
    const retry = page.getByRole('button', { name: /^Draw the missing/ });
    await retry.first().waitFor();
    const ready = page.locator('li[data-state=ready] img');
    const kept = await ready.evaluateAll((images) => images.map((image) => image.getAttribute('alt')));
    const failed = await page.locator('li[data-state=failed]').count();
    expect(kept.length).toBeGreaterThan(0);
    expect(failed).toBeGreaterThan(0);
    await page
      .getByText(/looks sexual/)
      .first()
      .waitFor();
    await capture('pack-run-partial');
    const sources = await ready.evaluateAll((images) => images.map((image) => (image as HTMLImageElement).src));
    await studio.controlGpu({ failImage: null });
    await page.getByRole('button', { name: 'Draw again' }).first().click();
    await page
      .getByRole('status')
      .filter({ hasText: `${kept.length + failed} of ${kept.length + failed}` })
      .waitFor();
    const after = await ready.evaluateAll((images) => images.map((image) => (image as HTMLImageElement).src));
    const idOf = (url: string) => /\/i\/([0-9a-f-]{36})/.exec(url)?.[1];
    expect(after.map(idOf)).toEqual(expect.arrayContaining(sources.map(idOf)));
    await page.locator('li[data-state=ready]').first().hover();
    await page.locator('li[data-state=ready]').first().getByRole('button', { name: 'Favourite' }).click();
    await page.locator('li[data-state=ready] button[aria-pressed=true]').waitFor();
    await capture('pack-contact-sheet');
  });

  it('tells the story of a job that failed, and tries it again', { timeout: 120_000 }, async () => {
    await studio.controlGpu({ failImage: REFUSE_ALL });
    await openStudioPage();
    await prompt().fill('in a storm');
    await page.keyboard.press('Control+Enter');
    await tiles('failed').first().waitFor();
    await capture('studio-failed');
    await page.goto('/activity?state=failed');
    const rows = page.getByRole('list', { name: 'Jobs' }).getByRole('listitem');
    await rows.first().waitFor();
    expect(await rows.count()).toBe(1);
    await capture('activity-failed');
    await page.getByLabel('Kind of job').selectOption('train');
    await page.getByText('No job matches').waitFor();
    await capture('activity-no-match');
    expect(page.url()).toContain('kind=train');
    await page.goto('/activity?state=failed');
    await rows.first().getByRole('link').click();
    await page.getByRole('list', { name: 'Attempts' }).waitFor();
    await capture('job-failed');
    await page.getByRole('link', { name: 'Edit and retry' }).click();
    await page.waitForURL('**/studio*');
    await page.waitForFunction(() => document.querySelector('textarea')?.value === 'in a storm');
    await page.goBack();
    await page.waitForURL('**/activity/*');
    await page.getByRole('button', { name: 'Retry', exact: true }).waitFor();
    await studio.controlGpu({ failImage: null });
    const failedJob = page.url();
    await page.getByRole('button', { name: 'Retry', exact: true }).click();
    await page.waitForURL((url) => url.href !== failedJob);
    await page.getByText('Done').first().waitFor();
    await capture('job-done');
  });

  it('keeps a mark that is made while an older answer is still on its way', async () => {
    await openStudioPage();
    await studio.controlGpu({ imageMs: 1_500 });
    await prompt().fill('in the snow');
    await page.keyboard.press('Control+Enter');
    await newest()
      .getByRole('heading', { name: /in the snow/ })
      .waitFor();
    await tiles('ready').first().waitFor();
    // From here on answers are read at once and held back, until the one that says the job is over.
    const READ = /\/trpc\/[^?]*generation\.get/;
    const { promise: isOver, resolve: sayItIsOver } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await page.route(READ, async (route) => {
      const response = await route.fetch();
      if (/"endedAt":"/.test(await response.text())) sayItIsOver();
      await released;
      // The page no longer waits for those that a later one replaced.
      await route.fulfill({ response }).catch(() => undefined);
    });
    await isOver;
    await tiles('ready').first().getByRole('link').focus();
    await Promise.all([page.waitForResponse(/images\.favourite/), page.keyboard.press('f')]);
    await Promise.all([page.waitForResponse(READ), release()]);
    await tiles('ready').nth(3).waitFor();
    expect(await newest().getByRole('button', { name: 'Favourite', pressed: true }).count()).toBe(1);
    await page.unroute(READ);
    await studio.controlGpu({ imageMs: 0 });
    await prompt().fill('');
  });

  it('goes anywhere by key, shows its keys, and lets single keys be switched off', async () => {
    await page.goto('/home');
    await page.waitForLoadState('networkidle');
    // Models come a moment after the pages; until then nobody knows that nothing has a name.
    const READ = /\/trpc\/[^?]*models\.list/;
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await page.route(READ, async (route) => {
      await released;
      await route.continue();
    });
    await page.keyboard.press('Control+k');
    const search = page.getByPlaceholder(/Go to a page/);
    await search.fill('biscuit');
    await page.getByText('Looking through models and packs').waitFor();
    expect(await page.getByText('Nothing has this name').count()).toBe(0);
    release();
    const biscuit = page.getByRole('option', { name: /Biscuit/ });
    await biscuit.waitFor();
    await page.unroute(READ);
    await search.fill('');
    await capture('palette');
    await search.fill('biscuit');
    await biscuit.waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/models/*');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await capture('keys');
    await page.keyboard.press('Escape');
    await page.goto('/settings');
    await page.waitForLoadState('networkidle');
    await page.getByRole('checkbox', { name: /Keys without Ctrl/ }).uncheck();
    await page.goto('/gallery');
    await page.locator('[data-tile]').first().waitFor();
    await page.waitForLoadState('networkidle');
    await page.keyboard.press('?');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder(/Go to a page/).waitFor();
    await page.keyboard.press('Escape');
    await page.goto('/settings');
    await page.waitForLoadState('networkidle');
    await page.getByRole('checkbox', { name: /Keys without Ctrl/ }).check();
  });

  it('shows an administrator people and queues, and suspends somebody who then can do nothing', async () => {
    const other = await studio.browser.newContext({ baseURL: studio.product.publicUrl });
    const strange = await other.newPage();
    await strange.goto('/sign-up');
    await strange.getByLabel('Your name').fill('Grace');
    await strange.getByLabel('E-mail').fill('grace@example.test');
    await strange.getByLabel('Password').fill('another long password');
    await strange.getByRole('button', { name: 'Create account' }).click();
    await strange.waitForURL('**/home');
    await strange.goto('/admin');
    await strange
      .getByText(/not here|does not exist|nothing here|no such page/i)
      .first()
      .waitFor();

    await page.goto('/admin');
    await page.waitForLoadState('networkidle');
    await page.getByRole('row', { name: /dispatch/ }).waitFor();
    await page.getByLabel('Search people').fill('nobody is called so');
    await page.getByText('Nobody matches').waitFor();
    await page.getByLabel('Search people').fill('grace');
    const grace = page.getByRole('listitem', { name: 'Grace' });
    await grace.waitFor();
    await capture('admin');
    // A role is not changed by one press.
    await grace.getByRole('button', { name: 'Member' }).click();
    await page.getByRole('menuitem', { name: 'Make an administrator' }).click();
    const question = page.getByRole('alertdialog', { name: 'Make Grace an administrator?' });
    await question.getByRole('button', { name: 'Keep it' }).click();
    await question.waitFor({ state: 'detached' });
    expect(await grace.getByRole('button', { name: 'Member' }).count()).toBe(1);
    await grace.getByRole('button', { name: 'Suspend' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Suspend' }).click();
    await grace.getByText('suspended').waitFor();
    await strange.goto('/home');
    await strange.getByText('This account is suspended').first().waitFor();
    expect(new URL(strange.url()).pathname).toBe('/suspended');
    await strange.getByRole('button', { name: 'Make a copy of my data' }).waitFor();
    await strange.getByRole('form', { name: 'Erase the account' }).waitFor();
    await captureScreen(strange, 'suspended');
    await grace.getByRole('button', { name: 'Let in again' }).click();
    await grace.getByRole('button', { name: 'Suspend' }).waitFor();
    await other.close();
  });

  it('raised no error', () => expect(studio.faults).toEqual([]));

  /** The file as PixGen stored it, as a download gives it. */
  async function fetchStored(id: string): Promise<Buffer> {
    const input = encodeURIComponent(JSON.stringify({ id }));
    const answer = await page.request.get(`/trpc/images.download?input=${input}`);
    const { result } = (await answer.json()) as { result: { data: { url: string } } };
    return Buffer.from(await (await fetch(result.data.url)).arrayBuffer());
  }

  async function drop(name: string, bytes: Buffer): Promise<void> {
    await page.evaluate(
      ([fileName, base64]) => {
        const data = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([data], fileName, { type: 'image/png' }));
        const drag = { dataTransfer: transfer, bubbles: true, cancelable: true };
        document.body.dispatchEvent(new DragEvent('dragover', drag));
        document.body.dispatchEvent(new DragEvent('drop', drag));
      },
      [name, bytes.toString('base64')] as const,
    );
  }
});
