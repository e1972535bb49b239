/**
 * Every screen in every state that the other browser tests do not pass through: nothing there yet, on its way, at work, failed,
 * not there, full. Each is looked at in both themes and sizes, and by axe.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@pixgen/domain';
import type { BrowserContext, Page, Request, Route } from 'playwright-core';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { repositoryRoot } from '../stack/paths.ts';
import type { Product } from '../stack/product.ts';
import { drawPhoto } from '../testing/studio.ts';
import { findChromium } from './browser.ts';
import { capture } from './capture.ts';
import { FIRST_LOAD_BYTES, HEAVIER_ALIVE, measureFirstLoad } from './first-load.ts';
import { makeDraft } from './make-draft.ts';
import { NAMING, SEGMENT_NAMES, SEGMENTS, type SegmentName } from './screens-table.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';
import { type Visit, visit } from './visit.ts';

const executable = findChromium();
const FIRST_LOAD = join(repositoryRoot, 'test-output/first-load.json');
/** https://web.dev/articles/cls */
const MOST_SHIFT = 0.05;
const PUBLIC = /^\/(sign-in|sign-up|setup|set-password|erasure|report|docs\/api)?$/;

/** The page of the set-up link says what works before anybody has an account, and keeps the link when one checks again. */
async function lookAtSetUp(page: Page, product: Product): Promise<void> {
  const again = page.getByRole('link', { name: 'Check again' });
  const summary = page.getByRole('main').getByRole('status');
  const untilItSays = (expected: RegExp) =>
    vi.waitFor(
      async () => {
        await again.click();
        await page.waitForLoadState('networkidle');
        expect(await summary.textContent()).toMatch(expected);
      },
      { timeout: 90_000, interval: 500 },
    );
  // The worker tells of the GPU every half minute.
  await untilItSays(/^Everything works/);
  await capture(page, 'setup-checks');
  await product.services.valkey?.stop();
  try {
    await untilItSays(/not work/);
    await page.getByText('Start Redis, and see that REDIS_URL names it.').waitFor();
    await capture(page, 'setup-broken');
  } finally {
    await product.services.valkey?.start();
  }
  await untilItSays(/^Everything works/);
}

describe.skipIf(executable === null)('every screen', { timeout: 300_000 }, () => {
  let studio: StudioInBrowser;
  let page: Page;
  /** Somebody without a session. */
  let visitor: BrowserContext;
  let outside: Page;
  let modelId = '';
  let generationId = '';
  let imageId = '';
  let otherImageId = '';
  let jobId = '';

  beforeAll(async () => {
    studio = await openStudio(executable ?? '', {}, lookAtSetUp);
    page = studio.page;
    visitor = await studio.browser.newContext({ baseURL: studio.product.publicUrl });
    outside = await visitor.newPage();
    outside.setDefaultTimeout(30_000);
  });
  afterAll(() => studio?.stop());

  /** Not the line in which the router announces pages. */
  const refusal = () => outside.getByRole('main').getByRole('alert').first();
  const shown = (name: string) => capture(page, name);
  /** Waits until React has taken over: before that a press does nothing. */
  const go = async (path: string, on = page) => {
    await on.goto(path);
    await on.waitForFunction(() => {
      const control = document.querySelector('main button, main a, main input');
      const isAlive = control !== null && Object.keys(control).some((key) => key.startsWith('__reactProps'));
      return isAlive && document.querySelector('[data-waiting]') === null;
    });
  };
  const heading = (name: string | RegExp) => page.getByRole('heading', { name }).first().waitFor();
  /** The address of a segment: of things that are there, or of one that is not. */
  function pathOf(name: SegmentName, there = true): string {
    const id = (real: string) => (there ? real : newId());
    switch (name) {
      case 'compare':
        return `/compare?a=${imageId}&b=${otherImageId}`;
      case 'pack':
        return there ? '/packs/cinematic-portraits' : '/packs/no-such-pack';
      case 'job':
        return `/activity/${id(jobId)}`;
      case 'picture':
        return `/gallery/${id(imageId)}`;
      case 'generation':
        return `/generations/${id(generationId)}`;
      default:
        return SEGMENTS[name].replace('[id]', id(modelId));
    }
  }
  async function ask<T>(procedure: string, input: unknown): Promise<T> {
    const answer = await page.request.get(`/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`);
    return ((await answer.json()) as { result: { data: T } }).result.data;
  }

  it('is an app that can be installed, with nothing from elsewhere', async () => {
    await outside.goto('/');
    const asked: string[] = [];
    outside.on('request', (request) => asked.push(request.url()));
    const session = await visitor.newCDPSession(outside);
    const { url, errors, data } = await session.send('Page.getAppManifest');
    expect(errors).toEqual([]);
    expect(url).toBe(new URL('/manifest.webmanifest', studio.product.publicUrl).href);
    const manifest = JSON.parse(data ?? '{}') as {
      start_url: string;
      display: string;
      icons: { src: string; sizes: string; type: string; purpose?: string }[];
      shortcuts: { url: string }[];
    };
    expect(manifest).toMatchObject({ start_url: '/home', display: 'standalone' });
    expect(manifest.icons.map(({ sizes, purpose }) => `${sizes} ${purpose ?? 'any'}`)).toEqual(
      expect.arrayContaining(['any any', '192x192 any', '512x512 any', '512x512 maskable']),
    );
    for (const { src, sizes, type, purpose } of manifest.icons) {
      expect(new URL(src, url).origin).toBe(new URL(url).origin);
      const answer = await outside.request.get(src);
      expect([answer.status(), answer.headers()['content-type']]).toEqual([200, type]);
      if (type !== 'image/png') continue;
      const image = sharp(await answer.body());
      const { width = 0, height } = await image.metadata();
      expect(`${width}x${height}`).toBe(sizes);
      if (purpose === 'maskable') expect(await drawsOutside(image, width)).toBe(false);
    }
    for (const { url: target } of manifest.shortcuts) expect((await page.request.get(target)).status()).toBe(200);
    expect(asked.filter((one) => new URL(one).origin !== new URL(url).origin)).toEqual([]);
    const colours = await outside
      .locator('meta[name=theme-color]')
      .evaluateAll((metas) => metas.map((meta) => [meta.getAttribute('media'), meta.getAttribute('content')]));
    expect(new Set(colours.map(([media]) => media))).toEqual(
      new Set(['(prefers-color-scheme: light)', '(prefers-color-scheme: dark)']),
    );
  });

  it('outside: the entrance, and who is not let in', async () => {
    await go('/', outside);
    await capture(outside, 'landing');
    await go('/sign-in', outside);
    await capture(outside, 'sign-in');
    await outside.getByLabel('E-mail').fill('ada@example.test');
    await outside.getByLabel('Password').fill('not the password at all');
    const held: Route[] = [];
    await outside.route('**/auth/sign-in', (route) => void held.push(route));
    await outside.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => held.length).toBe(1);
    await capture(outside, 'sign-in-verifying');
    await held[0]?.continue();
    await outside.unroute('**/auth/sign-in');
    await refusal().waitFor();
    await capture(outside, 'sign-in-wrong');
    await go('/sign-up', outside);
    await capture(outside, 'sign-up');
    await outside.getByLabel('Your name').fill('Ada');
    await outside.getByLabel('E-mail').fill('ada@example.test');
    await outside.getByLabel('Password').fill('another long password');
    await outside.getByRole('button', { name: 'Create account' }).click();
    await refusal().waitFor();
    await capture(outside, 'sign-up-refused');
    await go('/setup', outside);
    await outside.getByText('The link is not complete').waitFor();
    await capture(outside, 'setup-incomplete');
    await outside.goto('/setup#token=of-another-installation');
    await outside.reload();
    await outside.getByRole('button', { name: 'Create the administrator' }).waitFor();
    await capture(outside, 'setup');
    await outside.getByLabel('Your name').fill('Eve');
    await outside.getByLabel('E-mail').fill('eve@example.test');
    await outside.getByLabel('Password').fill('another long password');
    await outside.getByRole('button', { name: 'Create the administrator' }).click();
    await refusal().waitFor();
    await capture(outside, 'setup-refused');
    await go('/set-password', outside);
    await outside.getByText('The link is not complete').waitFor();
    await capture(outside, 'set-password-incomplete');
    await outside.goto('/set-password#token=of-another-installation');
    await outside.reload();
    await outside.getByRole('button', { name: 'Set the password' }).waitFor();
    await capture(outside, 'set-password');
    await outside.getByLabel('Password').fill('another long password');
    await outside.getByRole('button', { name: 'Set the password' }).click();
    await refusal().waitFor();
    await capture(outside, 'set-password-refused');
    await go('/erasure', outside);
    await outside.getByLabel('Receipt code').waitFor();
    await capture(outside, 'erasure');
    await go('/no-such-page', outside);
    await capture(outside, 'nowhere');
  });

  it('with nothing there yet', async () => {
    for (const [name, path, text] of [
      ['home-empty', '/home', 'Train your first model'],
      ['models-empty', '/models', 'No model yet'],
      ['studio-no-model', '/studio', 'The studio needs a model'],
      ['compare-empty', '/compare', 'Choose two pictures'],
      ['activity-empty', '/activity', /Nothing|No job/],
      ['train', '/train', /./],
      ['reports-empty', '/admin/reports', /./],
    ] as const) {
      await go(path);
      await heading(text);
      await shown(name);
    }
  });

  it('at work, cancelled and failed', async () => {
    await makeDraft(page, 'Biscuit');
    modelId = /train\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? '';
    await showPhotosOnTheirWay();
    await go(`/models/${modelId}`);
    await shown('model-draft');
    await page.getByRole('button', { name: 'More about this model' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
    await shown('menu');
    await page.keyboard.press('Escape');
    await studio.controlGpu({ stepMs: 2_000, progressMs: 200 });
    await startTraining();
    await page
      .getByText(/step [1-9]\d* of \d+/)
      .first()
      .waitFor();
    await shown('model-working');
    for (const [name, path] of [
      ['home-working', '/home'],
      ['models-working', '/models'],
      ['activity-working', '/activity'],
    ] as const) {
      await go(path);
      await page
        .getByRole('main')
        .getByRole('link', { name: /Biscuit|Training/ })
        .first()
        .waitFor();
      await shown(name);
    }
    jobId = (await ask<{ items: { id: string }[] }>('jobs.list', { limit: 1 })).items[0]?.id ?? '';
    await go(`/activity/${jobId}`);
    await shown('job-working');
    await go(`/models/${modelId}`);
    await page.getByRole('button', { name: 'Cancel training' }).click();
    await page.getByRole('alertdialog').waitFor();
    await shown('question');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel the training' }).click();
    await page.getByText('Cancelled').first().waitFor();
    await shown('model-cancelled');
    await studio.controlGpu({ stepMs: 0, failJob: { probability: 1, code: 'PHOTO_UNREADABLE', retryable: false } });
    await startTraining();
    await page.getByText('One of the photos could not be read').first().waitFor();
    await shown('model-failed');
    await go('/home');
    await page.getByRole('button', { name: 'Retry' }).waitFor();
    await shown('home-failed');
    await studio.controlGpu({ stepMs: 0, failJob: null });
    await startTraining();
    await page.getByText('Ready', { exact: true }).first().waitFor();
  });

  it('full', async () => {
    await go('/studio');
    await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('in the rain');
    await page.keyboard.press('Control+Enter');
    await page.locator('li[data-state=ready]').nth(3).waitFor();
    const [generation] = (await ask<{ items: { id: string }[] }>('generation.list', { modelId, limit: 1 })).items;
    generationId = generation?.id ?? '';
    const images = await ask<{ items: { id: string }[] }>('images.list', { limit: 2 });
    [imageId = '', otherImageId = ''] = images.items.map(({ id }) => id);
    await page.locator('li[data-state=ready]').first().hover();
    await page.getByRole('button', { name: 'More with this picture' }).first().click();
    await page.getByRole('menuitem', { name: 'Remix' }).waitFor();
    await shown('picture-menu');
    await page.keyboard.press('Escape');
    await studio.controlGpu({ imageMs: 5_000 });
    await go('/packs/cinematic-portraits');
    await page.getByRole('button', { name: /^Run pack/ }).click();
    await page.waitForURL('**/generations/*');
    await page.locator('li[data-state=ready]').first().waitFor();
    await shown('pack-run-working');
    await studio.controlGpu({ imageMs: 0 });
    await page.locator('li[data-state=ready]').nth(4).waitFor();
    for (const name of ['home', 'models', 'packs', 'pack', 'activity', 'settings', 'audit-log'] as const) {
      await go(pathOf(name));
      await heading(/./);
      await shown(name);
    }
    await go('/settings');
    await page.getByLabel('Name of a new key').fill('My script');
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByText('It is shown only now').waitFor();
    await shown('settings-key');
  });

  it('sends no more than 200 kB of scripts with any page, and moves nothing while the rest of it comes', async () => {
    const paths = {
      '/': '/',
      '/sign-in': '/sign-in',
      '/sign-up': '/sign-up',
      // As their links lead there: without a token a note takes the form's place.
      '/setup': '/setup#token=t',
      '/set-password': '/set-password#token=t',
      '/erasure': '/erasure',
      '/report': '/report',
      '/docs/api': '/docs/api',
    };
    const all = [...Object.entries(paths), ...SEGMENT_NAMES.map((name) => [SEGMENTS[name], pathOf(name)] as const)];
    const report: Record<string, { html: number; alive: number }> = {};
    const moving: Record<string, Omit<Visit, 'scriptBytes'>> = {};
    const waiting = [...all];
    const lane = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [route, path] = next;
        const context = PUBLIC.test(route) ? visitor : studio.context;
        const html = await measureFirstLoad(context.request, path);
        for (const width of [1440, 360]) {
          const { scriptBytes, ...rest } = await visit(context, path, width);
          report[route] = { html, alive: Math.max(scriptBytes, report[route]?.alive ?? 0) };
          if (rest.layoutShift > MOST_SHIFT || rest.moved.length > 0) moving[`${route} at ${width}`] = rest;
        }
      }
    };
    await Promise.all(Array.from({ length: 3 }, lane));
    writeFileSync(FIRST_LOAD, `${JSON.stringify(report, null, 2)}\n`);
    const heavy = Object.entries(report).filter(
      ([route, { html, alive }]) => html > FIRST_LOAD_BYTES || alive > (HEAVIER_ALIVE[route] ?? FIRST_LOAD_BYTES),
    );
    expect({ heavy, moving }).toEqual({ heavy: [], moving: {} });
  });

  it('shows its lists without scripts', async () => {
    const plain = await studio.browser.newContext({
      baseURL: studio.product.publicUrl,
      javaScriptEnabled: false,
      storageState: await studio.context.storageState(),
    });
    const bare = await plain.newPage();
    // What was streamed stands behind the frame of the page, where a script would have put it into its place.
    const link = (name: string | RegExp) => bare.getByRole('link', { name }).first();
    await bare.goto('/models');
    await link(/Biscuit/).waitFor();
    await bare.goto('/packs');
    await link(/Cinematic Portraits/).waitFor();
    await bare.goto('/home');
    await link(/Biscuit/).waitFor();
    expect(await bare.getByRole('list', { name: 'Recent pictures' }).getByRole('link').count()).toBe(9);
    await bare.goto('/gallery');
    expect(await bare.locator('[data-tile]').first().isVisible()).toBe(true);
    expect(await bare.locator('[data-tile]').count()).toBe(9);
    await bare.goto('/activity');
    expect(await bare.getByRole('list', { name: 'Jobs' }).getByRole('link').count()).toBe(5);
    // Nothing stands there that waits for scripts.
    expect(await bare.locator('[data-waiting]:visible').count()).toBe(0);
    await plain.close();
  });

  it('with a picture whose file does not come', async () => {
    await page.route(/\/i\/[0-9a-f-]{36}/, (route) => route.abort());
    await go('/gallery');
    await page.getByRole('button', { name: 'Fetch the picture again' }).first().waitFor();
    await shown('gallery-broken');
    await page.unroute(/\/i\/[0-9a-f-]{36}/);
  });

  it.each(NAMING)('%s: not there', async (name) => {
    await go(pathOf(name, false));
    await heading(/not here|does not exist|no such|nothing here|not there/i);
    await shown(`${name}-not-found`);
  });

  it.each(SEGMENT_NAMES)('%s: on its way', async (name) => {
    const settled = watchPrefetches();
    await go(name === 'home' ? '/packs' : '/home');
    const path = pathOf(name);
    // What a link to it does when it comes into view.
    await page.evaluate((to) => (window as unknown as Next).next.router.prefetch(to), path);
    await settled();
    const held: Route[] = [];
    let isHolding = true;
    await page.route(/[?&]_rsc=/, (route) => (isHolding ? void held.push(route) : route.continue()));
    try {
      await page.evaluate((to) => (window as unknown as Next).next.router.push(to), path);
      await page.locator('[data-waiting]').first().waitFor();
      await shown(`${name}-loading`);
    } finally {
      // The next screen must not wait for what this one held back.
      isHolding = false;
      await Promise.all(held.map((route) => route.continue()));
      await page.unroute(/[?&]_rsc=/);
    }
    await page.locator('[data-waiting]').first().waitFor({ state: 'detached' });
  });

  it('while the API is away', async () => {
    await go('/home');
    await go('/sign-in', outside);
    await studio.product.services.api?.stop();
    try {
      for (const name of SEGMENT_NAMES) {
        await page.evaluate((to) => (window as unknown as Next).next.router.push(to), pathOf(name));
        await page.waitForURL(`**${pathOf(name)}`);
        await heading('PixGen cannot be reached');
        await shown(`${name}-error`);
      }
      await outside.getByLabel('E-mail').fill('ada@example.test');
      await outside.getByLabel('Password').fill('a long enough password');
      await outside.getByRole('button', { name: 'Sign in' }).click();
      await refusal().waitFor();
      await capture(outside, 'sign-in-away');
    } finally {
      await studio.product.services.api?.start();
    }
  });

  it('while Redis is away', async () => {
    await go('/admin');
    await page.getByRole('row', { name: /dispatch/ }).waitFor();
    // The checks of the same page say it too, though they were made before, and nobody asks for them again.
    const check = page.getByRole('listitem').filter({ hasText: /^Redis/ });
    await check.getByText('works', { exact: true }).waitFor();
    await studio.product.services.valkey?.stop();
    try {
      await page.getByText('Redis does not answer').waitFor();
      await check.getByText('does not work', { exact: true }).waitFor();
      await shown('admin-redis-away');
    } finally {
      await studio.product.services.valkey?.start();
    }
    await page.getByRole('row', { name: /dispatch/ }).waitFor();
    await check.getByText('works', { exact: true }).waitFor();
  });

  it('of somebody who leaves: how far the erasure is, and the receipt', async () => {
    await go('/sign-up', outside);
    await outside.getByLabel('Your name').fill('Grace');
    await outside.getByLabel('E-mail').fill('grace@example.test');
    await outside.getByLabel('Password').fill('another long password');
    await outside.getByRole('button', { name: 'Create account' }).click();
    await outside.waitForURL('**/home');
    await go('/settings', outside);
    const form = outside.getByRole('form', { name: 'Erase the account' });
    const phrase = /"(.+)"/.exec((await form.getByText(/^Type "/).textContent()) ?? '')?.[1] ?? '';
    await form.getByLabel(/^Type/).fill(phrase);
    await form.getByLabel('Your password').fill('another long password');
    await studio.product.services.worker?.kill('SIGSTOP');
    await form.getByRole('button', { name: 'Erase my account' }).click();
    await outside.waitForURL('**/erasure');
    await outside.getByRole('progressbar').waitFor();
    await capture(outside, 'erasure-working');
    await studio.product.services.worker?.kill('SIGCONT');
    await outside.getByRole('region', { name: 'Receipt' }).waitFor();
    await capture(outside, 'erasure-receipt');
  });

  /**
   * To be called before the page that prefetches is opened: what was asked for earlier would not be seen.
   * @returns resolves when no answer to a prefetch has been waited for during half a second
   */
  function watchPrefetches(): () => Promise<void> {
    const waiting = new Set<unknown>();
    let lastAt = performance.now();
    const begin = (request: Request) => void (request.url().includes('_rsc=') && waiting.add(request));
    const end = (request: Request) => {
      if (waiting.delete(request)) lastAt = performance.now();
    };
    page.on('request', begin).on('requestfinished', end).on('requestfailed', end);
    return async () => {
      await expect.poll(() => waiting.size === 0 && performance.now() - lastAt > 500, { timeout: 30_000 }).toBe(true);
      page.off('request', begin).off('requestfinished', end).off('requestfailed', end);
    };
  }

  /** A photo that is being checked, one that is sent, and one that the server looks at: each is kept where it is. */
  async function showPhotosOnTheirWay(): Promise<void> {
    const held: Route[] = [];
    let isHolding = true;
    const hold = (route: Route) => (isHolding ? void held.push(route) : route.continue());
    const isSent = (url: URL) => url.origin !== studio.product.publicUrl;
    const choose = async (name: string, state: string) => {
      await page
        .locator('input[type=file]')
        .first()
        .setInputFiles({ name, mimeType: 'image/jpeg', buffer: await drawPhoto(10 + held.length) });
      await page.locator(`[data-state=${state}]`).waitFor();
    };
    await page.route('**/trpc/*photos.complete*', hold);
    await choose('verifying.jpg', 'verifying');
    await page.route(isSent, hold);
    await choose('uploading.jpg', 'uploading');
    await page.route('**/trpc/*photos.create*', hold);
    await choose('checking.jpg', 'checking');
    await shown('wizard-photos-on-their-way');
    isHolding = false;
    await Promise.all(held.map((route) => route.continue()));
    await page.locator('[data-state=done]').nth(7).waitFor();
    await page.unroute('**/trpc/*photos.complete*');
    await page.unroute(isSent);
    await page.unroute('**/trpc/*photos.create*');
  }

  async function startTraining(): Promise<void> {
    await go(`/train/${modelId}/settings`);
    await page.getByRole('button', { name: 'Continue to review' }).click();
    await page.waitForURL('**/review');
    await page.getByRole('button', { name: /Start training/ }).click();
    await page.waitForURL('**/models/*');
  }
});

type Next = { next: { router: { push: (path: string) => void; prefetch: (path: string) => void } } };

/** A mask may cut away all but a circle of 80 %: outside of it must be nothing but the background. */
async function drawsOutside(image: Sharp, width: number): Promise<boolean> {
  const pixels = await image.ensureAlpha().raw().toBuffer();
  const background = pixels.readUInt32BE(0);
  if (pixels[3] !== 255) return true;
  for (let at = 0; at < pixels.length; at += 4) {
    const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
    const isOutside = Math.hypot(x + 0.5 - width / 2, y + 0.5 - width / 2) > width * 0.4;
    if (isOutside && pixels.readUInt32BE(at) !== background) return true;
  }
  return false;
}
