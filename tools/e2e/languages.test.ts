/** Languages in Chromium: who gets which, and with the pseudo-locale what has no words of its own or no room for longer ones. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as domain from '@pixgen/domain';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../stack/paths.ts';
import { expectAccessible } from './accessible.ts';
import { findChromium } from './browser.ts';
import { seedImages } from './seed-images.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';

const executable = findChromium();
const SIGNED_OUT = ['/', '/sign-in', '/sign-up', '/setup', '/set-password', '/erasure', '/report'];
const MAIN = ['/home', '/train', '/studio', '/packs', '/packs/cinematic-portraits', '/gallery', '/compare', '/models', '/activity', '/settings', '/admin', '/admin/audit-log', '/admin/reports', '/gallery/00000000-0000-7000-8000-000000000000']; // biome-ignore format: one list
const WIZARD = ['subject', 'photos', 'settings', 'review'];

describe.skipIf(executable === null)('languages', () => {
  let studio: StudioInBrowser;
  let page: Page;
  let draft: string;

  beforeAll(async () => {
    studio = await openStudio(executable ?? '', { PSEUDO_LOCALE: 'on' });
    page = studio.page;
    draft = await makeDraft(page);
    await seedImages(studio.product.stores, { userId: studio.userId, count: 40 });
  });
  afterAll(() => studio?.stop());

  const lang = (of: Page) => of.evaluate(() => document.documentElement.lang);

  it('greets a browser that asks for German in German, until somebody chooses otherwise', async () => {
    const context = await studio.browser.newContext({ baseURL: studio.product.publicUrl, locale: 'de-AT' });
    const visitor = await context.newPage();
    await visitor.goto('/sign-in');
    await visitor.getByRole('heading', { name: 'Anmelden' }).waitFor();
    expect([await lang(visitor), await visitor.title()]).toEqual(['de', 'Anmelden · PixGen']);
    await expectAccessible(visitor, 'the sign-in page in German');
    await visitor.getByLabel('E-Mail').fill('nobody@example.test');
    await visitor.getByLabel('Passwort').fill('not the right one');
    await visitor.getByRole('button', { name: 'Anmelden' }).click();
    await visitor.getByText('E-Mail-Adresse oder Passwort ist falsch.').waitFor();
    await visitor.getByLabel('Sprache').selectOption('en');
    await visitor.getByRole('heading', { name: 'Sign in' }).waitFor();
    await visitor.getByLabel('Password').fill('not the right one');
    await visitor.getByRole('button', { name: 'Sign in' }).click();
    await visitor.getByText('E-mail or password is wrong.').waitFor();
    await visitor.reload();
    await visitor.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await lang(visitor)).toBe('en');
    await visitor.goto('/');
    await visitor.getByLabel('Language').selectOption('de');
    await visitor.getByRole('heading', { name: /kennt: deins/ }).waitFor();
    await context.close();
  });

  it('changes the language in the settings without leaving them, and back', async () => {
    await page.goto('/settings');
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('heading', { name: 'Einstellungen', exact: true }).waitFor();
    await page.getByRole('navigation', { name: 'Hauptmenü' }).getByRole('link', { name: 'Galerie' }).click();
    await page.getByText('40 Bilder').waitFor();
    expect(await lang(page)).toBe('de');
    await page.goto('/settings');
    await page.getByLabel('Sprache').selectOption('en');
    await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
  });

  it('keeps the hash of the statement in the language in which it was read, and tells failures in that language', async () => {
    await studio.context.addCookies([{ name: 'pixgen_locale', value: 'de', url: studio.product.publicUrl }]);
    await page.goto(`/train/${draft}/subject`);
    const statement = page.getByRole('checkbox', { name: 'Auf diesen Fotos ist kein Mensch zu erkennen' });
    await statement.check();
    await page.getByRole('button', { name: 'Weiter zu den Fotos' }).click();
    await page.waitForURL('**/photos');
    const hash = createHash('sha256').update(domain.CONSENT.text.de['not-a-person']).digest('hex');
    expect(await newestConsent(studio)).toBe(hash);
    await studio.controlGpu({ failJob: { probability: 1, code: 'PHOTO_UNREADABLE', retryable: false } });
    await page.goto(`/train/${draft}/review`);
    await page.getByRole('button', { name: /^Training starten/ }).click();
    await page.waitForURL(`**/models/${draft}`);
    await page.getByText('Eines der Fotos war nicht zu lesen.').first().waitFor();
    await studio.context.clearCookies({ name: 'pixgen_locale' });
  });

  /** Pages of what there is: a model, an order, a picture, jobs that failed and that did not. */
  async function things(): Promise<string[]> {
    await studio.controlGpu({ failJob: null });
    const client = new pg.Client({ connectionString: studio.product.stores.DATABASE_URL });
    await client.connect();
    const newest = async (table: string) =>
      (await client.query<{ id: string }>(`SELECT id FROM "${table}" ORDER BY id DESC LIMIT 1`)).rows[0]?.id ?? '';
    const send = (procedure: string, input: unknown) =>
      page.evaluate(
        async ([path, body]) => {
          const headers = { 'content-type': 'application/json' };
          const answer = await fetch(`/trpc/${path}`, { method: 'POST', headers, body });
          if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
        },
        [procedure, JSON.stringify(input)] as const,
      );
    const succeeded = async () => {
      const { rows } = await client.query<{ state: string }>(`SELECT state FROM "Job" ORDER BY id DESC LIMIT 1`);
      return rows[0]?.state;
    };
    try {
      const failed = await newest('Job');
      await send('training.retry', { id: await newest('Training'), idempotencyKey: 'languages-train' });
      await expect.poll(succeeded).toBe('succeeded');
      await send('generation.start', { modelId: draft, prompt: 'in the rain', n: 2, idempotencyKey: 'languages-draw' });
      await expect.poll(succeeded).toBe('succeeded');
      const [order, picture, job] = [await newest('Generation'), await newest('Image'), await newest('Job')];
      return [
        `/models/${draft}`,
        `/generations/${order}`,
        `/gallery/${picture}`,
        `/activity/${failed}`,
        `/activity/${job}`,
      ];
    } finally {
      await client.end();
    }
  }

  it('has no words outside of the messages, and room for longer ones, at 360 px', async () => {
    const made = await things();
    const known = await readData(studio);
    await studio.context.addCookies([{ name: 'pixgen_locale', value: 'en-XA', url: studio.product.publicUrl }]);
    await page.setViewportSize({ width: 360, height: 740 });
    const signedOut = await studio.browser.newContext({
      baseURL: studio.product.publicUrl,
      viewport: { width: 360, height: 740 },
    });
    await signedOut.addCookies([{ name: 'pixgen_locale', value: 'en-XA', url: studio.product.publicUrl }]);
    const visitor = await signedOut.newPage();
    const looks = [
      ...SIGNED_OUT.map((path) => [visitor, path] as const),
      ...[...MAIN, ...made, ...WIZARD.map((step) => `/train/${draft}/${step}`)].map((path) => [page, path] as const),
    ];
    const faults: Record<string, unknown> = {};
    async function look(where: Page, name: string): Promise<void> {
      const seen = await readScreen(where);
      const english = seen.texts.filter(
        (text) => !known.some((one) => one.includes(text) || (one.length > 8 && text.includes(one))),
      );
      if (english.length > 0 || seen.wide.length > 0) faults[name] = { english, wide: seen.wide };
    }
    for (const [where, path] of looks) {
      await where.goto(path);
      await where.waitForFunction(() => !document.querySelector('[data-waiting]'));
      await where.waitForLoadState('networkidle').catch(() => undefined);
      await look(where, path);
      // What opens, opened.
      const menus = where.locator('main [aria-haspopup=menu]');
      for (let at = 0; at < Math.min(await menus.count(), 3); at += 1) {
        await menus.nth(at).click();
        await where.getByRole('menuitem').first().waitFor();
        await look(where, `${path}, menu ${at}`);
        await where.keyboard.press('Escape');
        await where.getByRole('menu').waitFor({ state: 'detached' });
      }
    }
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('option').first().waitFor();
    await look(page, 'palette');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await look(page, 'keys');
    await page.goto('/gallery');
    await page.locator('ul.masonry > li.absolute [data-tile]').first().click();
    await page.locator('.yarl__slide_current').waitFor();
    await page.keyboard.press('i');
    await page.waitForTimeout(500);
    await look(page, 'lightbox');
    await signedOut.close();
    await studio.context.clearCookies({ name: 'pixgen_locale' });
    await page.setViewportSize({ width: 1440, height: 900 });
    expect(faults).toEqual({});
  }, 400_000);

  it('raised no error', () => {
    expect(studio.faults).toEqual([]);
  });
});

/** The hash of the text that the newest consent was given to. */
async function newestConsent(studio: StudioInBrowser): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: studio.product.stores.DATABASE_URL });
  await client.connect();
  try {
    const { rows } = await client.query<{ textHash: string }>(
      'SELECT "textHash" FROM "Consent" ORDER BY id DESC LIMIT 1',
    );
    return rows[0]?.textHash;
  } finally {
    await client.end();
  }
}

/** A draft that has come as far as the last step of the wizard. */
async function makeDraft(page: Page): Promise<string> {
  await page.goto('/train');
  await page.getByLabel('Name', { exact: true }).fill('Ferdinand');
  await page.getByLabel('What is it?').fill('dog');
  await page.waitForURL(/\/train\/[0-9a-f-]{36}\/subject$/);
  await page.getByText('Draft saved').waitFor();
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Continue to photos' }).click();
  await page.waitForURL('**/photos');
  const folder = join(repositoryRoot, 'tools/demo/photos');
  const photos = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jpg'));
  const files = photos.slice(0, 8).map((name) => ({
    name: name.replace('/', '-'),
    mimeType: 'image/jpeg',
    buffer: readFileSync(join(folder, name)),
  }));
  await page.locator('input[type=file]').first().setInputFiles(files);
  await page.getByRole('link', { name: 'Continue to settings' }).click({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Continue to review' }).click();
  await page.waitForURL('**/review');
  return /\/train\/([0-9a-f-]{36})\//.exec(page.url())?.[1] ?? '';
}

const SAMPLERS = ['Euler', 'DPM++ 2M Karras', 'DDIM'];

/** What is English in every language: texts of the API and its domain, names of things, and what people wrote. */
async function readData(studio: StudioInBrowser): Promise<string[]> {
  const client = new pg.Client({ connectionString: studio.product.stores.DATABASE_URL });
  await client.connect();
  const texts: string[] = [
    'PixGen',
    'Ada',
    'ada@example.test',
    'Ferdinand',
    'English',
    'Deutsch',
    'Ctrl',
    'ComfyUI',
    'LoRA',
  ];
  try {
    const tables = `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`;
    for (const { name } of (await client.query<{ name: string }>(tables)).rows)
      collect((await client.query(`SELECT * FROM "${name}" LIMIT 200`)).rows, texts);
  } finally {
    await client.end();
  }
  collect([{ ...domain }, Object.keys(domain.PROFILES), domain.auditAction.options, ...SAMPLERS], texts);
  // Prompts stand on pages with words for the subject, or in pieces around it.
  const pieces = texts.flatMap((text) => [text, ...text.split('{subject}')]);
  return pieces.map((text) => text.trim()).filter((text) => /[A-Za-z]{3}/.test(text));
}

function collect(value: unknown, into: string[], depth = 6): void {
  if (typeof value === 'string') into.push(value);
  else if (depth > 0 && typeof value === 'object' && value !== null && !(value instanceof Date) && !('_zod' in value))
    for (const one of Object.values(value)) collect(one, into, depth - 1);
}

/** Texts without a single accent that are seen or read out, and what is wider than the window. */
function readScreen(page: Page): Promise<{ texts: string[]; wide: string[] }> {
  return page.evaluate(() => {
    const texts = new Set<string>();
    const take = (text: string | null) => {
      const words = (text ?? '').trim().replace(/\s+/g, ' ');
      if (/[A-Za-z]{3}/.test(words) && !/[áéîöûñšţŕåéîöû]/i.test(words)) texts.add(words);
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (!parent || parent.closest('script,style,noscript,time,code,kbd,.font-mono')) continue;
      if (parent.checkVisibility({ checkVisibilityCSS: true }) || parent.closest('option'))
        take(walker.currentNode.textContent);
    }
    for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-valuetext'])
      for (const element of document.body.querySelectorAll(`[${name}]:not(time)`)) take(element.getAttribute(name));
    const { clientWidth, scrollWidth } = document.documentElement;
    const wide = [...document.body.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
      .map((element) => `${element.tagName} ${element.className}: ${element.textContent?.slice(0, 60)}`);
    return { texts: [...texts], wide: scrollWidth > clientWidth ? wide.slice(0, 6) : [] };
  });
}
