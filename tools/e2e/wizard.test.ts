/** The training wizard in Chromium: nothing is lost by a reload, a step back, a cut connection or another device. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TrainingPlan } from '@pixgen/domain';
import type { BrowserContext, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../stack/paths.ts';
import { findChromium } from './browser.ts';
import { capture as captureScreen } from './capture.ts';
import type { UploadFile } from './files.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';

const executable = findChromium();
const sample = (name: string) => join(repositoryRoot, 'tools/demo/photos', name);

describe.skipIf(executable === null)('the training wizard', () => {
  let studio: StudioInBrowser;
  let page: Page;
  /** Another device of the same person. */
  let elsewhere: BrowserContext;

  beforeAll(async () => {
    studio = await openStudio(executable ?? '');
    page = studio.page;
    elsewhere = await studio.browser.newContext({ baseURL: studio.product.publicUrl });
    await elsewhere.addCookies(await studio.context.cookies());
  });
  afterAll(async () => {
    await studio?.stop();
  });

  const capture = (name: string) => captureScreen(page, `wizard-${name}`);
  const upload = (name: string, buffer: Buffer): UploadFile => ({ name, mimeType: 'image/jpeg', buffer });
  const photo = (name: string) => upload(name.replace('/', '-'), readFileSync(sample(name)));
  const add = (files: UploadFile[], target = page) => target.locator('input[type=file]').first().setInputFiles(files);
  const tile = (name: string, target = page) => target.getByRole('listitem', { name: new RegExp(`^${name}: `) });
  const planOnServer = async () => {
    const id = new URL(page.url()).pathname.split('/').at(-2);
    const answer = await page.request.get(`/trpc/models.get?input=${encodeURIComponent(JSON.stringify({ id }))}`);
    const { result } = (await answer.json()) as { result: { data: { plan: TrainingPlan } } };
    return result.data.plan;
  };
  const step = () => new URL(page.url()).pathname.split('/').at(-1);

  it('makes the draft while one types, and refuses a subject who is declared younger than 18', async () => {
    await page.goto('/train');
    await page.getByLabel('Name', { exact: true }).fill('Ada in spring');
    await page.getByLabel('What is it?').fill('woman 7');
    await page.getByRole('button', { name: 'Continue to photos' }).click();
    const fault = page.getByText('Use one or two plain words');
    await fault.waitFor();
    await page.getByLabel('What is it?').fill('woman');
    // What is mended is not complained of any longer.
    await fault.waitFor({ state: 'detached' });
    await page.waitForURL(/\/train\/[0-9a-f-]{36}\/subject$/);
    await page.getByText('Draft saved').waitFor();
    await page.reload();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Ada in spring');
    expect(await page.getByLabel('What is it?').inputValue()).toBe('woman');
    await page.getByRole('checkbox').check();
    await page.getByLabel('Younger than 18').check();
    await page.getByText('no models of people under 18').waitFor();
    expect(await page.getByRole('button', { name: 'Continue to photos' }).isDisabled()).toBe(true);
    await capture('under-age');
    await page.getByLabel('18 or older', { exact: true }).check();
    await capture('subject');
    await page.getByRole('button', { name: 'Continue to photos' }).click();
    await page.waitForURL('**/photos');
  });

  it('says of each photo why it does not serve or what could be better, before anything is sent', async () => {
    const sent: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PUT') sent.push(request.url());
    });
    await page.getByRole('button', { name: 'Choose photos' }).waitFor();
    await capture('photos-empty');
    const robot = sharp(sample('robot/1.jpg'));
    const blurred = await robot.clone().blur(14).jpeg().toBuffer();
    const dark = await robot.clone().linear(0.06, 0).jpeg().toBuffer();
    await add([
      upload('blurred.jpg', blurred),
      upload('dark.jpg', dark),
      upload('tiny.jpg', await robot.clone().resize(30).jpeg().toBuffer()),
      upload('letter.jpg', Buffer.from('Dear reader, this is no photo.')),
      upload('group.jpg', readFileSync(fileURLToPath(import.meta.resolve('@vladmandic/face-api/demo/sample6.jpg')))),
    ]);
    for (const [name, reason] of [
      ['blurred.jpg', /blurred everywhere\. Add a sharp one/],
      ['dark.jpg', /almost black/],
      ['tiny.jpg', /30 × 30 pixels; each side needs 32/],
      ['letter.jpg', /not a photo/],
      ['group.jpg', /More than one person/],
    ] as const) {
      await tile(name).getByText(reason).waitFor();
      expect(await tile(name).getAttribute('data-state')).toBe('refused');
    }
    expect(sent).toEqual([]);
    await add([photo('robot/1.jpg')]);
    await tile('robot-1.jpg').and(page.locator('[data-state=done]')).waitFor();
    await tile('robot-1.jpg').getByText('No face was found').waitFor();
    await add([upload('again.jpg', await robot.clone().resize(500).jpeg({ quality: 60 }).toBuffer())]);
    await tile('again.jpg')
      .getByText(/almost the same photo/)
      .waitFor();
    const moved = await robot.clone().extract({ left: 16, top: 16, width: 736, height: 736 }).jpeg().toBuffer();
    await add([upload('moved.jpg', moved)]);
    await tile('moved.jpg').and(page.locator('[data-state=done]')).waitFor();
    await tile('moved.jpg').getByText('Much like another photo').waitFor();
    await page.getByText('2 photos so far').waitFor();
    await capture('photos-verdicts');
    for (const name of ['blurred.jpg', 'dark.jpg', 'tiny.jpg', 'letter.jpg', 'group.jpg', 'again.jpg'])
      await page.getByRole('button', { name: `Remove ${name}` }).click();
    expect(
      await page
        .getByRole('listitem')
        .filter({ hasText: /letter|blurred/ })
        .count(),
    ).toBe(0);
  });

  it('converts a photo of an iPhone in the browser, and sends nothing of what a camera wrote', async () => {
    await page.addInitScript(() => {
      const send = XMLHttpRequest.prototype.send;
      const sent: Blob[] = [];
      Object.assign(window, { sent });
      XMLHttpRequest.prototype.send = function (body) {
        if (body instanceof Blob) sent.push(body);
        send.call(this, body);
      };
    });
    await page.reload();
    const heic = readFileSync(join(repositoryRoot, 'tools/e2e/fixtures/place.heic'));
    expect(heic.includes('canary-artist')).toBe(true);
    await add([{ name: 'IMG_0001.HEIC', mimeType: 'image/heic', buffer: heic }]);
    await tile('IMG_0001.HEIC').and(page.locator('[data-state=done]')).waitFor({ timeout: 60_000 });
    const bodies = await page.evaluate(async () => {
      const { sent } = window as unknown as { sent: Blob[] };
      return Promise.all(sent.map(async (blob) => [...new Uint8Array(await blob.arrayBuffer())]));
    });
    expect(bodies).toHaveLength(1);
    const body = Buffer.from(bodies[0] ?? []);
    expect(await sharp(body).metadata()).toMatchObject({ format: 'jpeg', width: 320, height: 240 });
    expect([body.includes('canary'), body.includes('Exif')]).toEqual([false, false]);
  });

  it('goes on with an upload that a reload cut off', async () => {
    let cut = 0;
    await page.route('**/*', async (route) => {
      if (route.request().method() !== 'PUT') return route.continue();
      cut += 1;
      // Never answered: the page is left in the middle of it.
    });
    await add([photo('robot/4.jpg'), photo('robot/5.jpg')]);
    await tile('robot-5.jpg').and(page.locator('[data-state=uploading]')).waitFor();
    await expect.poll(() => cut).toBe(2);
    await page.unroute('**/*');
    await page.reload();
    for (const name of ['robot-4.jpg', 'robot-5.jpg']) {
      await tile(name).and(page.locator('[data-state=done]')).waitFor();
      expect(await tile(name).count()).toBe(1);
    }
  });

  it('tries again what failed, and cancels what is on its way', async () => {
    let broken = true;
    await page.route('**/*', (route) =>
      route.request().method() === 'PUT' && broken ? route.abort('connectionreset') : route.continue(),
    );
    await add([photo('robot/6.jpg')]);
    await tile('robot-6.jpg').and(page.locator('[data-state=failed]')).waitFor();
    await capture('photos-failed');
    broken = false;
    await page.getByRole('button', { name: 'Try robot-6.jpg again' }).click();
    await tile('robot-6.jpg').and(page.locator('[data-state=done]')).waitFor();
    await page.unroute('**/*');
    await page.route('**/*', (route) => (route.request().method() === 'PUT' ? undefined : route.continue()));
    await add([photo('robot/7.jpg')]);
    await tile('robot-7.jpg').and(page.locator('[data-state=uploading]')).waitFor();
    await page.getByRole('button', { name: 'Cancel robot-7.jpg' }).click();
    await tile('robot-7.jpg').waitFor({ state: 'detached' });
    await page.unroute('**/*');
    await page.reload();
    await tile('robot-6.jpg').waitFor();
    expect(await tile('robot-7.jpg').count()).toBe(0);
  });

  it('keeps the settings through a reload, a step back and on another device', async () => {
    await page.getByRole('link', { name: 'Continue to settings' }).click();
    await page.waitForURL('**/settings');
    await page.getByText('Best', { exact: true }).click();
    await page.getByText('Advanced').click();
    await page.getByLabel('Steps', { exact: true }).fill('33');
    await page.getByLabel('Rank', { exact: true }).fill('900');
    await page.getByText('Use 1 to 128.').waitFor();
    await page.getByLabel('And then').selectOption({ label: 'Cinematic Portraits (5 pictures)' });
    await page.getByText('Draft saved').waitFor();
    expect((await planOnServer()).pack).toEqual({ slug: 'cinematic-portraits', n: 1 });
    await page.reload();
    expect(await page.getByLabel('Steps', { exact: true }).inputValue()).toBe('33');
    expect(await page.getByLabel('And then').inputValue()).toBe('cinematic-portraits');
    expect(await page.getByRole('radio', { name: /Best/ }).isChecked()).toBe(true);
    await capture('settings');
    // What was typed in the moment before is kept too.
    await page.getByLabel('Steps', { exact: true }).fill('34');
    await page.reload();
    await expect.poll(async () => (await planOnServer()).overrides.steps).toBe(34);
    await page.reload();
    expect(await page.getByLabel('Steps', { exact: true }).inputValue()).toBe('34');
    await page.getByLabel('Steps', { exact: true }).fill('44');
    await page.getByRole('link', { name: 'Back', exact: true }).click();
    await page.waitForURL('**/photos');
    await page.goBack();
    await page.waitForURL('**/settings');
    await expect.poll(() => page.getByLabel('Steps', { exact: true }).inputValue()).toBe('44');

    const second = await elsewhere.newPage();
    await second.goto(`${page.url().replace(/\/settings$/, '')}`);
    await second.waitForURL('**/review');
    expect(await second.getByText('44 steps').count()).toBe(1);
    await second.goto(page.url());
    expect(await second.getByLabel('Steps', { exact: true }).inputValue()).toBe('44');
    await second.getByLabel('Steps', { exact: true }).fill('55');
    await second.getByText('Draft saved').waitFor();
    await second.close();
    await page.reload();
    expect(await page.getByLabel('Steps', { exact: true }).inputValue()).toBe('55');
  });

  it('trains once, however often the button is pressed and whatever is lost on the way', async () => {
    await page.getByRole('button', { name: 'Continue to review' }).click();
    await page.waitForURL('**/review');
    await page.reload();
    await page.getByText('55 steps').waitFor();
    await page.getByText('Cinematic Portraits (5 pictures)').waitFor();
    await capture('review');
    expect(step()).toBe('review');
    // The first answer never arrives.
    let lost = 0;
    await page.route('**/trpc/training.start*', async (route) => {
      lost += 1;
      await route.fetch();
      await route.abort('connectionreset');
    });
    await page.getByRole('button', { name: /Start training/ }).click();
    await page.getByText('The training did not start').waitFor();
    expect(lost).toBe(1);
    await page.unroute('**/trpc/training.start*');
    await page.getByRole('button', { name: /Start training/ }).click();
    await page.waitForURL('**/models/*');
    const answer = await page.request.get(`/trpc/training.list?input=${encodeURIComponent('{"limit":10}')}`);
    const { result } = (await answer.json()) as { result: { data: { items: unknown[] } } };
    expect(result.data.items).toHaveLength(1);
  });

  it('shows the phases, the time left as far as anybody can tell, and a log that is the same after a reload', async () => {
    await page.getByRole('list', { name: 'Phases' }).waitFor();
    await page.getByText('Ready', { exact: true }).first().waitFor({ timeout: 60_000 });
    await page.getByText(/^Log · \d+ lines$/).click();
    const log = page.getByRole('list', { name: 'Log' });
    await log.getByText('Done').waitFor();
    const lines = await log.getByRole('listitem').count();
    await page.reload();
    await page.getByText(`Log · ${lines} lines`).click();
    await capture('trained');
  });

  it('runs the pack that was chosen once the training has succeeded', { timeout: 120_000 }, async () => {
    await page.getByRole('link', { name: 'Open the run' }).click();
    await page.waitForURL('**/generations/*');
    const pictures = page.getByRole('main').locator('img[src^="/i/"]');
    await expect.poll(() => pictures.count(), { timeout: 60_000 }).toBe(5);
    await capture('pack-run');
    expect(studio.faults).toEqual([]);
  });
});
