/** Nobody gets stuck: a subject to try with, a way on from what is ready, a way back from what failed, and what is set up wrongly. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './browser.ts';
import { capture as captureScreen } from './capture.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';

const executable = findChromium();

describe.skipIf(executable === null)('ways on', () => {
  let studio: StudioInBrowser;
  let page: Page;
  let modelPage = '';
  beforeAll(async () => {
    studio = await openStudio(executable ?? '');
    page = studio.page;
    await studio.controlGpu({ stepMs: 1 });
  });
  afterAll(() => studio?.stop());
  const capture = (name: string) => captureScreen(page, name);
  const trainings = async (): Promise<{ settings: { steps: number } }[]> => {
    const answer = await page.request.get(`/trpc/training.list?input=${encodeURIComponent('{"limit":10}')}`);
    return ((await answer.json()) as { result: { data: { items: { settings: { steps: number } }[] } } }).result.data
      .items;
  };
  const startTraining = async () => {
    await page.getByRole('button', { name: 'Continue to review' }).click();
    await page.waitForURL('**/review');
    await page.getByRole('button', { name: /Start training/ }).click();
    await page.waitForURL('**/models/*');
  };

  it('tries every part of the installation for an administrator, uploads from this browser among them', async () => {
    await page.goto('/admin');
    const rows = page.getByRole('list', { name: 'Checks of this installation' }).getByRole('listitem');
    await rows.nth(6).waitFor();
    expect(await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-ok')))).toEqual(
      Array(7).fill('true'),
    );
    await capture('admin-checks');
  });

  it('offers a drawn subject to whoever has none, which takes the way of everybody’s photos', {
    timeout: 180_000,
  }, async () => {
    await page.goto('/home');
    await page.getByRole('button', { name: 'Try it with a sample subject' }).waitFor();
    await capture('home-nothing-yet');
    let sent = 0;
    page.on('request', (request) => {
      if (request.method() === 'PUT') sent += 1;
    });
    await page.getByRole('button', { name: 'Try it with a sample subject' }).click();
    await page.waitForURL('**/photos');
    await page.locator('[data-state=done]').nth(7).waitFor({ timeout: 60_000 });
    expect(sent).toBe(8);
    await capture('sample-subject-photos');
    await page.getByRole('link', { name: 'Continue to settings' }).click();
    await page.waitForURL('**/settings');
    await startTraining();
    modelPage = page.url();
    await page.getByText('Ready', { exact: true }).first().waitFor({ timeout: 60_000 });
  });

  it('marks, chooses and compares the picture that has the focus by single keys, in the studio too', {
    timeout: 120_000,
  }, async () => {
    await page.goto(`/studio?model=${new URL(modelPage).pathname.split('/').at(-1)}`);
    await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('in the rain');
    await page.keyboard.press('Control+Enter');
    const tiles = page.getByRole('article').first().locator('li[data-state=ready]');
    await tiles.nth(3).waitFor({ timeout: 60_000 });
    await tiles.first().getByRole('link').focus();
    await page.keyboard.press('f');
    await tiles.first().getByRole('button', { name: 'Favourite', pressed: true }).waitFor();
    await page.keyboard.press('x');
    await tiles.nth(2).getByRole('link').focus();
    await page.keyboard.press('x');
    await page.getByText('2 pictures chosen').waitFor();
    await capture('studio-chosen');
    await page.setViewportSize({ width: 360, height: 760 });
    const button = page.getByRole('button', { name: 'Settings', exact: true });
    await button.click();
    await page.getByRole('region', { name: 'Settings of the pictures' }).waitFor();
    expect(await page.getByRole('button', { name: /^Generate 4/ }).isVisible()).toBe(true);
    await page.getByLabel('Steps', { exact: true }).waitFor();
    await page.setViewportSize({ width: 1440, height: 900 });
    await tiles.nth(2).getByRole('link').focus();
    await page.keyboard.press('c');
    await page.waitForURL('**/compare?a=*');
  });

  it('trains a ready model again with changes; what its subject is stays', { timeout: 120_000 }, async () => {
    await page.goto(modelPage);
    await page.getByRole('button', { name: 'More about this model' }).click();
    await page.getByRole('menuitem', { name: 'Train again with changes' }).click();
    await page.waitForURL('**/settings');
    const settings = page.url();
    await page.goto(settings.replace(/settings$/, 'subject'));
    const subject = page.getByLabel('What is it?');
    expect([await subject.inputValue(), await subject.getAttribute('readonly')]).toEqual(['toy', '']);
    await capture('subject-of-a-ready-model');
    await page.goto(settings);
    await page.getByText('Advanced').click();
    await page.getByLabel('Steps', { exact: true }).fill('21');
    await studio.controlGpu({ failJob: { probability: 1, code: 'PHOTO_UNREADABLE', retryable: false } });
    await startTraining();
    await expect.poll(async () => (await trainings()).map((one) => one.settings.steps)).toContain(21);
    expect(await trainings()).toHaveLength(2);
  });

  it('leads back from a training that failed to its photos and settings, there and on the home page', async () => {
    await page.getByRole('link', { name: 'Change photos' }).waitFor({ timeout: 60_000 });
    await capture('failed-training-ways-back');
    await page.goto('/home');
    await page.getByText('Training Sample robot (drawn),').waitFor();
    await page.getByRole('link', { name: 'Change settings' }).first().click();
    await page.waitForURL('**/settings');
    expect(await page.getByLabel('Steps', { exact: true }).inputValue()).toBe('21');
  });

  it('says in the activity what each job is of, and edits it from there', async () => {
    await page.goto('/activity');
    await page.getByRole('list', { name: 'Jobs' }).getByText('Training Sample robot (drawn)').first().waitFor();
    await capture('activity-names');
    await page.getByRole('list', { name: 'Jobs' }).getByRole('link').last().click();
    await page.getByRole('link', { name: 'Edit and run again' }).click();
    await page.waitForURL('**/settings');
    expect(page.url()).toContain(new URL(modelPage).pathname.split('/').at(-1));
  });

  it('runs a finished job again as it was', { timeout: 120_000 }, async () => {
    await studio.controlGpu({ failJob: null });
    await page.goto('/activity?kind=generate');
    await page.getByRole('list', { name: 'Jobs' }).getByText('in the rain').click();
    await page.getByRole('link', { name: 'Open the pictures' }).waitFor();
    const before = page.url();
    await page.getByRole('button', { name: /^Run again as it was/ }).click();
    await page.waitForURL((url) => url.pathname !== new URL(before).pathname);
    await page.getByText('Done').first().waitFor({ timeout: 60_000 });
    const answer = await page.request.get(`/trpc/generation.list?input=${encodeURIComponent('{"limit":10}')}`);
    const { result } = (await answer.json()) as { result: { data: { items: { settings: { seed: number } }[] } } };
    const [again, first] = result.data.items;
    expect(again?.settings).toEqual(first?.settings);
  });

  it('takes a picture into a collection from its recipe, and out of it in the gallery, with a way back', async () => {
    await page.goto('/gallery');
    await page.getByRole('list', { name: 'Pictures', exact: true }).getByRole('link').first().waitFor();
    const answer = await page.request.get(`/trpc/images.list?input=${encodeURIComponent('{"limit":1}')}`);
    const { result } = (await answer.json()) as { result: { data: { items: { id: string }[] } } };
    const id = result.data.items[0]?.id ?? '';
    await page.goto(`/gallery/${id}`);
    const choice = page.getByLabel('Add to a collection');
    // Drawn by the server; a choice does something once React has taken over.
    await expect
      .poll(() => choice.evaluate((one) => Object.keys(one).some((key) => key.startsWith('__reactProps'))))
      .toBe(true);
    await choice.selectOption('new');
    await page.getByLabel('Name of the collection').fill('Rain');
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'Recipe' }).getByRole('link', { name: 'Rain', exact: true }).click();
    await page.waitForURL('**/gallery?collection=*');
    const pictures = page.getByRole('list', { name: 'Pictures', exact: true }).getByRole('link');
    await pictures.first().waitFor();
    await page.getByRole('button', { name: 'Select', exact: true }).click();
    await page.getByRole('button', { name: /^Select all/ }).click();
    await page.getByRole('button', { name: 'Take out' }).click();
    await page.getByText('One picture taken out').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await pictures.first().waitFor();
  });

  it('finds a deleted model again and brings it back', async () => {
    await page.goto(modelPage);
    await page.getByRole('button', { name: 'More about this model' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByText('This model is deleted').waitFor();
    await page.goto('/models?show=deleted');
    const row = page.getByRole('list', { name: 'Deleted models' }).getByRole('listitem');
    await row.getByText('Sample robot (drawn)').waitFor();
    await capture('models-deleted');
    await row.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Nothing deleted').waitFor();
    await page.goto(modelPage);
    await page.getByText('Ready', { exact: true }).first().waitFor();
    expect(studio.faults).toEqual([]);
  });
});
