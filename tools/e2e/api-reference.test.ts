/** The reference of the API: whole without scripts and without a session, with commands that work, and honest without its API. */
import { spawnSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './browser.ts';
import { capture } from './capture.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';

const executable = findChromium();
/** Skipped where it is not installed, but not in CI. */
const hasCurl = Boolean(process.env.CI) || spawnSync('curl', ['--version']).status === 0;
const REFERENCE = '/docs/api';
type Described = { operationId: string; summary: string; security?: object[] };
type Document = { paths: Record<string, Record<string, Described>> };

describe.skipIf(executable === null)('the API reference', () => {
  let studio: StudioInBrowser;
  /** Somebody without a session, in a browser without scripts. */
  let bare: Page;
  let document: Document;

  beforeAll(async () => {
    studio = await openStudio(executable ?? '');
    const plain = await studio.browser.newContext({ baseURL: studio.product.publicUrl, javaScriptEnabled: false });
    bare = await plain.newPage();
    document = (await (await fetch(`${studio.product.apiUrl}/api/v1/openapi.json`)).json()) as Document;
  });
  afterAll(() => studio?.stop());

  const calls = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, described]) => ({ path, method: method.toUpperCase(), ...described })),
    );
  const articleOf = (id: string) => bare.locator(`article[id="${id}"]`);

  it('shows every call of the document without scripts, to whoever comes, and leads to each', async () => {
    const answer = await bare.goto(REFERENCE);
    expect(answer?.status()).toBe(200);
    expect(answer?.headers()['content-security-policy']).toMatch(/script-src 'self' 'nonce-[^']+' 'strict-dynamic'/);
    expect(answer?.headers()['x-frame-options']).toBe('DENY');
    expect(await bare.locator('[data-waiting]:visible').count()).toBe(0);
    const shown = await bare.locator('article').evaluateAll((all) => all.map(({ id }) => id));
    expect(shown.toSorted()).toEqual(
      calls()
        .map(({ operationId }) => operationId)
        .toSorted(),
    );
    for (const { operationId, method, path, summary } of calls()) {
      const article = articleOf(operationId);
      expect(await article.getByRole('heading', { level: 3 }).textContent()).toBe(`${method} /api/v1${path}`);
      expect(await article.getByText(summary, { exact: true }).getAttribute('lang')).toBe('en');
      expect(await bare.locator(`nav a[href="#${operationId}"]`).count()).toBe(1);
    }
    await bare.locator('nav a[href="#training.start"]').click();
    expect(await articleOf('training.start').evaluate((one) => Math.abs(one.getBoundingClientRect().top))).toBeLessThan(
      40,
    );
    await articleOf('training.start').getByText('Done.').click();
    expect(await articleOf('training.start').getByText('createdAt: string <date-time>').isVisible()).toBe(true);
    expect(await bare.getByRole('link', { name: 'Sign in' }).getAttribute('href')).toBe('/sign-in');
  });

  it('opens at the call that an address names, with scripts and without', async () => {
    for (const page of [bare, studio.page]) {
      await page.goto(`${REFERENCE}#training.start`);
      // As long as it is hidden it is nowhere, which reads as 0.
      await page.locator('[id="training.start"]').waitFor();
      const top = () =>
        page.locator('[id="training.start"]').evaluate((one) => Math.abs(one.getBoundingClientRect().top));
      await expect.poll(top).toBeLessThan(40);
    }
  });

  it('in German too', async () => {
    const context = await studio.browser.newContext({ baseURL: studio.product.publicUrl, locale: 'de-DE' });
    const german = await context.newPage();
    await german.goto(REFERENCE);
    await german.getByRole('heading', { name: 'API-Referenz' }).waitFor();
    await german.locator('article[id="models.list"]').getByText('1 bis 100').waitFor();
    await context.close();
  });

  it.skipIf(!hasCurl)(
    'gives commands that a shell runs as they stand, and the API takes what they send',
    {
      timeout: 180_000,
    },
    async () => {
      const made = await studio.page.request.post('/trpc/account.createApiKey', {
        headers: { origin: studio.product.publicUrl },
        data: { name: 'a reader' },
      });
      const { secret } = ((await made.json()) as { result: { data: { secret: string } } }).result.data;
      await bare.goto(REFERENCE);
      const start = await bare.locator('#start pre').textContent();
      const address = /^export PIXGEN_API_URL=(\S+)$/m.exec(start ?? '')?.[1];
      expect(address).toBe(studio.product.apiUrl);
      const run = (command: string) => {
        // As it stands, but that the status comes behind the answer.
        const script = `curl() { command curl -sS -w '\\n%{http_code}' "$@"; }\n${command}`;
        const env = { ...process.env, PIXGEN_API_URL: address, PIXGEN_API_KEY: secret };
        const { stdout, stderr, error } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8', timeout: 30_000 });
        if (error) throw error;
        const [, body = '', status] = /^([\s\S]*)\n(\d+)$/.exec(stdout) ?? [];
        return { status: Number(status), body, stderr };
      };
      const first = run((start ?? '').replace(/^export .*$/gm, ''));
      expect([first.status, JSON.parse(first.body).displayName]).toEqual([200, 'Ada']);
      const wrong: unknown[] = [];
      let taken = 0;
      for (const { operationId, security } of calls()) {
        const example = articleOf(operationId).locator('pre').first();
        if (JSON.stringify(security)?.includes('session')) {
          expect(await articleOf(operationId).getByText('Only for a person who is signed in').isVisible()).toBe(true);
          expect(await articleOf(operationId).getByText('curl').count()).toBe(0);
          continue;
        }
        const { status, body, stderr } = run((await example.textContent()) ?? '');
        // What they name is not there; what they say is understood.
        const isAbsent = status === 404 || /There is no such picture/.test(body);
        if (status !== 200 && !isAbsent) wrong.push([operationId, status, body, stderr]);
        if (status === 200) taken += 1;
      }
      expect(wrong).toEqual([]);
      expect(taken).toBeGreaterThan(20);
    },
  );

  it('is where people look for it: settings, palette, front page', async () => {
    const { page } = studio;
    await page.goto('/settings');
    await page.getByRole('link', { name: /API reference/ }).click();
    await page.waitForURL(`**${REFERENCE}`);
    await page.getByRole('link', { name: 'Open the studio' }).click();
    await page.waitForURL('**/home');
    await expect
      .poll(async () => {
        await page.keyboard.press('Control+k');
        return page.getByRole('combobox').isVisible();
      })
      .toBe(true);
    await page.getByRole('combobox').fill('API ref');
    await page.getByRole('option', { name: 'API reference' }).click();
    await page.waitForURL(`**${REFERENCE}`);
    await page.goto('/');
    await page.getByRole('contentinfo').getByRole('link', { name: 'API reference' }).click();
    await page.waitForURL(`**${REFERENCE}`);
  });

  it('looks as it should', { timeout: 300_000 }, async () => {
    const { page } = studio;
    await page.goto(REFERENCE);
    await page.getByRole('heading', { name: 'API reference' }).waitFor();
    await capture(page, 'api-reference', { whole: false });
    await page.goto(`${REFERENCE}#generation.start`);
    await page.locator('article[id="generation.start"] summary').first().click();
    await capture(page, 'api-reference-call', { whole: false });
    expect(studio.faults).toEqual([]);
  });

  it('says what happened while the API is away, with the status for it, and comes back', async () => {
    await studio.product.services.api?.stop();
    try {
      const answer = await bare.goto(REFERENCE);
      expect([answer?.status(), answer?.headers()['retry-after']]).toEqual([503, '5']);
      expect(await bare.getByRole('main').getByRole('alert').textContent()).toContain('does not answer');
      await studio.page.goto(REFERENCE);
      await studio.page.getByText('The reference cannot be shown right now').waitFor();
      await studio.page.getByRole('link', { name: 'Open the studio' }).waitFor();
      await capture(studio.page, 'api-reference-missing');
    } finally {
      await studio.product.services.api?.start();
    }
    await bare.getByRole('link', { name: 'Try again' }).click();
    await articleOf('account.me').waitFor();
  });
});
