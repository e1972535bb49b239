/** A running training in Chromium: reloads at each phase, an API that restarts meanwhile, live updates that do not come. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './browser.ts';
import { capture } from './capture.ts';
import { makeDraft } from './make-draft.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';

const executable = findChromium();

describe.skipIf(executable === null)('a training that one watches', { timeout: 180_000 }, () => {
  let studio: StudioInBrowser;
  let page: Page;

  beforeAll(async () => {
    studio = await openStudio(executable ?? '');
    page = studio.page;
    await studio.controlGpu({ heartbeatMs: 200, progressMs: 200, fetchSources: true });
  });
  afterAll(() => studio?.stop());

  const phases = () => page.getByRole('list', { name: 'Phases' });
  const current = (name: string | RegExp) =>
    phases().locator('[aria-current=step]').filter({ hasText: name }).waitFor({ timeout: 60_000 });
  const log = async () => {
    const summary = await page.getByText(/^Log · \d+ lines?$/).textContent();
    return Number(summary?.replace(/\D/g, ''));
  };
  async function start(name: string): Promise<void> {
    await makeDraft(page, name);
    await page.getByRole('link', { name: 'Continue to settings' }).click();
    await page.getByRole('button', { name: 'Continue to review' }).click();
    await page.waitForURL('**/review');
    await page.getByRole('button', { name: /Start training/ }).click();
    await page.waitForURL('**/models/*');
  }
  const isReady = () => page.getByText('Ready', { exact: true }).first().waitFor({ timeout: 60_000 });

  it('stands where it stood after a reload, whatever it is doing', async () => {
    await studio.controlGpu({ capacity: 0, holdAt: 'loading' });
    await start('Biscuit');
    const reloadAt = async (phase: string | RegExp, doing: RegExp) => {
      await current(phase);
      await page
        .getByRole('progressbar', { name: /Biscuit/ })
        .first()
        .waitFor();
      await page.getByText(doing).first().waitFor();
      const lines = await log();
      await page.reload();
      await current(phase);
      await page.getByText(doing).first().waitFor();
      await page.getByRole('button', { name: 'Cancel training' }).waitFor();
      await expect.poll(log).toBeGreaterThanOrEqual(lines);
      expect(await page.getByRole('alert').filter({ hasText: /./ }).count()).toBe(0);
    };
    await reloadAt(/Queued|Cold start/, /Waiting for a GPU|Starting on/);
    await studio.controlGpu({ capacity: null });
    await reloadAt('Preparing', /Loading the base model/);
    await studio.controlGpu({ holdAt: 'downloading' });
    await reloadAt('Preparing', /Fetching the photos/);
    await studio.controlGpu({ holdAt: 'training' });
    await reloadAt('Training', /^Training$/);
    await studio.controlGpu({ holdAt: 'sampling', stepMs: 20 });
    await reloadAt('Training', /Drawing samples/);
    await studio.controlGpu({ holdAt: 'saving', stepMs: 0 });
    await reloadAt('Saving', /Saving the weights/);
    await studio.controlGpu({ holdAt: null });
    await isReady();
  });

  it('shows its samples large, from step to step', async () => {
    const thumbnail = page.locator('button[aria-haspopup=dialog]').first();
    await thumbnail.click();
    const large = page.getByRole('dialog');
    await large.locator('img').waitFor();
    expect((await large.locator('img').boundingBox())?.width).toBeGreaterThan(90);
    await capture(page, 'model-sample');
    await page.keyboard.press('Escape');
    await large.waitFor({ state: 'detached' });
    await expect.poll(() => thumbnail.evaluate((one) => one === document.activeElement)).toBe(true);
  });

  it('goes on by itself when the API was restarted meanwhile', async () => {
    await studio.controlGpu({ holdAt: 'training' });
    await start('Crumb');
    await current('Training');
    let loads = 0;
    page.on('framenavigated', () => {
      loads += 1;
    });
    await studio.product.services.api?.stop();
    // The page keeps what it knows.
    await phases().locator('[aria-current=step]').filter({ hasText: 'Training' }).waitFor();
    await studio.product.services.api?.start();
    await studio.controlGpu({ holdAt: 'saving', stepMs: 5 });
    await current('Saving');
    await studio.controlGpu({ holdAt: null, stepMs: 0 });
    await isReady();
    expect(loads).toBe(0);
  });

  it('asks by itself where live updates do not come through, and says so, on a phone too', async () => {
    await page.route('**/trpc/jobs.live*', (route) => route.abort());
    await studio.controlGpu({ holdAt: 'training' });
    await start('Dough');
    await current('Training');
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole('status').filter({ hasText: 'Live updates are away' }).first().waitFor();
    await page.setViewportSize({ width: 1440, height: 900 });
    await studio.controlGpu({ holdAt: 'saving' });
    await current('Saving');
    await studio.controlGpu({ holdAt: null });
    await isReady();
    await page.unroute('**/trpc/jobs.live*');
  });

  it('raised no error', () => {
    expect(studio.faults).toEqual([]);
  });
});
