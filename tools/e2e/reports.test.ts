/** A report by hand, in Chromium: a stranger says it, an administrator looks and decides, the stranger sees what became of it. */
import { createWorld, type World } from '@pixgen/core/testing-world';
import { connectDb, type Db } from '@pixgen/db';
import { createStorage, type Storage } from '@pixgen/storage';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './browser.ts';
import { capture } from './capture.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';

const executable = findChromium();

describe.skipIf(executable === null)('a report in a browser', () => {
  let studio: StudioInBrowser;
  let admin: Page;
  let db: Db;
  let storage: Storage;
  let world: World;
  let ownerCookie = '';

  beforeAll(async () => {
    studio = await openStudio(executable ?? '');
    admin = studio.page;
    const { publicUrl, stores } = studio.product;
    db = connectDb({ url: stores.DATABASE_URL ?? '', poolSize: 2, onError: () => {} });
    storage = createStorage({
      endpoint: stores.S3_ENDPOINT ?? '',
      region: stores.S3_REGION ?? '',
      bucket: stores.S3_BUCKET ?? '',
      accessKeyId: stores.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: stores.S3_SECRET_ACCESS_KEY ?? '',
    });
    const answer = await fetch(`${publicUrl}/auth/sign-up`, {
      method: 'POST',
      headers: { origin: publicUrl, 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'eve@example.test', password: 'a long password', displayName: 'Eve' }),
    });
    expect(answer.status).toBe(204);
    [ownerCookie = ''] = (answer.headers.getSetCookie()[0] ?? '').split(';');
    const { id } = await db.prisma.user.findUniqueOrThrow({
      where: { email: 'eve@example.test' },
      select: { id: true },
    });
    world = await createWorld({ db, storage }, id);
    await db.prisma.report.deleteMany();
    await db.prisma.strike.deleteMany();
    const { storageKey } = await db.prisma.image.findUniqueOrThrow({ where: { id: world.imageId } });
    const create = { width: 128, height: 128, channels: 3, background: '#248' } as const;
    await storage.write(storageKey ?? '', await sharp({ create }).png().toBuffer(), 'image/png');
  });
  afterAll(async () => {
    storage?.close();
    await db?.close();
    await studio?.stop();
  });

  const showsPicture = async () =>
    (await fetch(`${studio.product.publicUrl}/i/${world.imageId}`, { headers: { cookie: ownerCookie } })).status;

  it('goes from a stranger to a decision, and the picture is gone at once', async () => {
    const context = await studio.browser.newContext({ baseURL: studio.product.publicUrl });
    const stranger = await context.newPage();
    await stranger.goto('/');
    await stranger.getByRole('link', { name: 'Report a picture' }).click();
    await stranger.waitForURL('**/report');
    await stranger
      .getByRole('textbox', { name: 'What', exact: true })
      .fill(`http://pixgen.example/gallery/${world.imageId}`);
    await stranger.getByLabel('Why', { exact: true }).selectOption('without-consent');
    await stranger.getByLabel('In your words').fill('That is me.\nI never agreed.');
    await capture(stranger, 'report');
    await stranger.getByRole('button', { name: 'Send the report' }).click();
    const code = (await stranger.locator('code').textContent()) ?? '';
    expect(code).toMatch(/^[\w-]{43}$/);
    await capture(stranger, 'report-received');
    expect(await showsPicture()).toBe(200);

    await admin.goto('/admin');
    await admin.getByText('1 report waits').waitFor();
    await admin.getByRole('link', { name: 'Decide' }).click();
    await admin.getByRole('button', { name: 'Look at it' }).click();
    await admin.getByRole('img', { name: 'The reported picture' }).waitFor();
    await admin.getByText('I never agreed.').waitFor();
    await capture(admin, 'reports-deciding');
    await admin.getByRole('button', { name: 'Take down the picture' }).click();
    await admin.getByRole('alertdialog').getByRole('button', { name: 'Take down the picture' }).click();
    await admin.getByRole('alertdialog').waitFor({ state: 'detached' });
    await admin.getByRole('list', { name: 'Reports' }).waitFor({ state: 'detached' });
    expect(await showsPicture()).toBe(404);
    const strikes = admin.getByRole('list', { name: 'Strikes' });
    await strikes.getByText('A report was upheld').waitFor();
    await seeOwnStrikes();
    await strikes.getByRole('button', { name: 'Lift' }).click();
    await strikes.getByText('Lifted').waitFor();
    await capture(admin, 'reports-decided');

    await stranger.getByLabel('Receipt code').fill(code);
    await stranger.getByRole('button', { name: 'Show what became of it' }).click();
    await stranger.getByText('Taken down, and erased for good').waitFor();
    await capture(stranger, 'report-decided');
    await expect
      .poll(() => db.prisma.erasure.findFirst({ where: { kind: 'image' }, select: { state: true } }), {
        timeout: 30_000,
      })
      .toMatchObject({ state: 'erased' });
    await context.close();
  });

  /** The owner is told in the settings. */
  async function seeOwnStrikes(): Promise<void> {
    const context = await studio.browser.newContext({ baseURL: studio.product.publicUrl });
    const [name = '', value = ''] = ownerCookie.split('=');
    await context.addCookies([{ name, value, url: studio.product.publicUrl }]);
    const owner = await context.newPage();
    await owner.goto('/settings');
    await owner.getByText('Strikes: 1 in the last').waitFor();
    await capture(owner, 'settings-strikes');
    await context.close();
  }

  it('left no trouble behind', () => {
    expect(studio.faults).toEqual([]);
  });
});
