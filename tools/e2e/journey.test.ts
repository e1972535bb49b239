/** A newcomer's main job by hand, in Chromium, on the whole product with the real GPU code on this CPU. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../stack/product.ts';
import { findChromium, launchChromium } from './browser.ts';
import { capture as captureScreen } from './capture.ts';
import { drawUploads } from './files.ts';

const executable = findChromium();
const dataDir = mkdtempSync(join(tmpdir(), 'pixgen-e2e-'));

let product: Product;
let browser: Browser;
let context: BrowserContext;
let page: Page;

describe.skipIf(executable === null)('a newcomer in a browser', () => {
  const outside: string[] = [];
  const faults: string[] = [];
  /** Of the addresses that photos were sent to. */
  const signatures = new Set<string>();

  beforeAll(async () => {
    product = await startProduct({
      dataDir,
      gpu: 'local',
      web: true,
      webPort: {},
      // The same steps as with any base model, in a fraction of the time.
      environment: { GPU_PROFILE: 'nano', LOG_LEVEL: 'debug', ...process.env },
      durable: false,
      step: (_label, work) => work(() => undefined),
      onTrouble: (line) => faults.push(line),
    });
    browser = await launchChromium(executable ?? '');
    context = await browser.newContext({ baseURL: product.publicUrl, viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const own = [product.publicUrl, product.stores.S3_ENDPOINT ?? ''].map((url) => new URL(url).host);
    page.on('request', (request) => {
      const url = new URL(request.url());
      const signature = url.searchParams.get('X-Amz-Signature');
      if (signature) signatures.add(signature);
      if (/^https?:$/.test(url.protocol) && !own.includes(url.host)) outside.push(request.url());
    });
    page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        faults.push(`${page.url()}: ${message.text()}`);
    });
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const capture = (name: string) => captureScreen(page, `newcomer-${name}`, { every: true });

  it('reads the landing page and makes the first account through the one-time link', async () => {
    await page.goto('/');
    await capture('landing');
    await page.goto('/gallery');
    await page.waitForURL(/\/sign-in\?next=/);
    await capture('sign-in');
    await page.goto(product.setupLink ?? '/missing');
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel('E-mail').fill('ada@example.test');
    await page.getByLabel('Password').fill('a long enough password');
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.waitForURL('**/home');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await capture('home-empty');
  });

  it('keeps its session out of reach of scripts', async () => {
    const cookies = await context.cookies();
    const session = cookies.find((cookie) => cookie.name.endsWith('pixgen_session'));
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    expect(await page.evaluate(() => document.cookie)).not.toContain('session');
  });

  it('signs up a second person, who sees nothing of the first', async () => {
    const other = await browser.newContext({ baseURL: product.publicUrl });
    const strange = await other.newPage();
    await strange.goto('/sign-up');
    await strange.getByLabel('Your name').fill('Grace');
    await strange.getByLabel('E-mail').fill('grace@example.test');
    await strange.getByLabel('Password').fill('another long password');
    await strange.getByRole('button', { name: 'Create account' }).click();
    await strange.waitForURL('**/home');
    expect((await strange.goto('/admin/queues'))?.status()).toBe(404);
    await other.close();
    expect((await page.goto('/admin/queues'))?.status()).toBe(200);
  });

  it('uploads six files: five become ready, the one that is no photo says why', async () => {
    await page.goto('/train');
    await page.getByLabel('Name').fill('Biscuit');
    await page.getByLabel('What is it?').fill('dog');
    await page.getByRole('checkbox').check();
    await capture('train-subject');
    await page.getByRole('button', { name: 'Continue to photos' }).click();
    await page.waitForURL('**/photos');
    const { good, bad } = await drawUploads();
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles([...good, bad]);
    await page.locator('[data-state=done]').nth(4).waitFor();
    const refused = page.getByRole('listitem', { name: /letter\.jpg: (Refused|Not sent)/ });
    await refused.waitFor();
    expect(await refused.textContent()).toMatch(/not a photo|cannot be read|read/i);
    await capture('train-photos');
    await page.reload();
    await page.locator('[data-state=done]').nth(4).waitFor();
    expect(await page.locator('[data-state=done]').count()).toBe(5);
  });

  it('trains, shows progress and loss, and loses nothing by a reload in the middle', { timeout: 180_000 }, async () => {
    await page.getByRole('link', { name: 'Continue to settings' }).click();
    await page.waitForURL('**/settings*');
    await page.getByText('Best', { exact: true }).click();
    await capture('train-settings');
    await page
      .getByRole('button', { name: /Continue to review|Review/ })
      .or(page.getByRole('link', { name: /Continue to review|Review/ }))
      .last()
      .click();
    await page.waitForURL('**/review*');
    await capture('train-review');
    await page.getByRole('button', { name: /Start training/ }).click();
    await page.waitForURL('**/models/*');
    await page
      .getByText(/[1-9]\d* of \d+/)
      .first()
      .waitFor({ timeout: 120_000 });
    await page.reload();
    await page.getByRole('button', { name: 'Cancel training' }).waitFor();
    await capture('model-training');
    await page.getByText('Ready', { exact: true }).first().waitFor({ timeout: 150_000 });
    await capture('model-ready');
  });

  it('makes four pictures that appear in place', { timeout: 120_000 }, async () => {
    await page.goto('/studio');
    await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('a portrait of {subject} in the rain');
    await page.getByRole('button', { name: /^Generate 4/ }).click();
    const pictures = page.getByRole('region', { name: 'Pictures', exact: true });
    await expectLoadedImages(pictures, 4);
    await capture('studio');
  });

  it('runs a pack', { timeout: 120_000 }, async () => {
    await page.goto('/packs');
    await capture('packs');
    await page
      .getByRole('link', { name: /Cinematic Portraits/ })
      .first()
      .click();
    await page.getByRole('button', { name: /^Run/ }).click();
    await page.waitForURL('**/generations/*');
    await expectLoadedImages(page.getByRole('main'), 3);
    await capture('pack-run');
  });

  it('finds everything in the gallery, and deletes one picture with a way back', async () => {
    await page.goto('/gallery');
    const list = page.getByRole('list', { name: 'Pictures', exact: true });
    await expectLoadedImages(list, 7);
    const before = await list.getByRole('img').count();
    await capture('gallery');
    await list.getByRole('link').first().click();
    await page.getByRole('complementary', { name: 'Recipe' }).waitFor();
    await capture('picture');
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Undo' }).first().waitFor();
    await page.goto('/gallery');
    await expectLoadedImages(list, before - 1);
    expect(await list.getByRole('img').count()).toBe(before - 1);
  });

  it('shows what happened, and how to sign out', async () => {
    await page.goto('/activity');
    await page
      .getByRole('link', { name: /train|draw|pack|generat/i })
      .first()
      .waitFor();
    await capture('activity');
    await page.goto('/settings');
    await capture('settings');
    await page.goto('/home');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await capture('home');
  });

  it('asked no outside host and raised no error', () => {
    expect(outside).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('leaves no word of theirs and nothing that opens a door in the logs of its programs', async () => {
    const wrong = 'canary-of-a-refusal';
    const asks: [path: string, data?: object][] = [
      [`/models/${wrong}`],
      [`/i/${wrong}?w=${wrong}`],
      [`/gallery?q=${wrong}`],
      ['/auth/local/sign-in', { email: 'ada@example.test', password: wrong }],
      ['/trpc/models.create', { name: { [wrong]: wrong } }],
      [`/trpc/${wrong}.create`, {}],
    ];
    const origin = product.publicUrl;
    for (const [path, data] of asks) {
      const init = { headers: { origin }, failOnStatusCode: false };
      await (data ? page.request.post(path, { ...init, data }) : page.request.get(path, init));
      // The web app itself has to read this one.
      const cookie = `pixgen_session=${wrong}; __Host-pixgen_session=${wrong}`;
      await fetch(origin + path, { headers: { cookie, authorization: `Bearer ${wrong}` } });
    }
    for (const path of ['/submit', `/calls/${wrong}`, '/calls/1/cancel']) {
      const init = { method: 'POST', headers: { authorization: `Bearer ${wrong}` }, body: wrong };
      expect((await fetch(`${product.gpuUrl}${path}`, init)).status).toBe(401);
    }
    const session = (await context.cookies()).find(({ name }) => name.endsWith('pixgen_session'))?.value ?? '';
    const words = [
      wrong,
      ...['ada@example.test', 'grace@example.test', 'a long enough password', 'another long password'],
      ...['Biscuit', 'turned.jpg', 'letter.jpg', 'in the rain', 'X-Amz-Signature'],
      ...[session, session.split('.').at(-1) ?? '', product.setupLink?.split('#token=')[1] ?? ''],
      ...signatures,
    ];
    expect(signatures.size).toBeGreaterThanOrEqual(5);
    expect(words.filter((word) => word.length < 7)).toEqual([]);
    const logs = ['web', 'api', 'worker', 'gpu'].map((name) => ({
      name,
      lines: readFileSync(join(dataDir, 'logs', `${name}.log`), 'utf8').split('\n'),
    }));
    // They are the logs of what was done here.
    expect(logs.filter(({ lines }) => lines.length < 2)).toEqual([]);
    expect(logs.find(({ name }) => name === 'gpu')?.lines.join()).toContain('jobId');
    const found = logs.flatMap(({ name, lines }) =>
      lines.filter((line) => words.some((word) => line.includes(word))).map((line) => `${name}: ${line.slice(0, 400)}`),
    );
    expect(found).toEqual([]);
  });

  async function expectLoadedImages(scope: ReturnType<Page['locator']>, count: number): Promise<void> {
    await scope
      .locator('img')
      .nth(count - 1)
      .waitFor({ timeout: 90_000 });
    await page.waitForFunction(
      ([element, wanted]) =>
        [...(element as HTMLElement).querySelectorAll('img')].filter(
          (image) => image.complete && image.naturalWidth > 0,
        ).length >= Number(wanted),
      [await scope.elementHandle(), count] as const,
    );
  }
});
