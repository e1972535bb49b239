/** Passwords and sessions in Chromium: changing one's own, being signed out elsewhere, and a new one by a link. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './browser.ts';
import { capture } from './capture.ts';
import { holdScripts } from './scripts.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';

const executable = findChromium();
const OLD = 'another long password';
const CHANGED = 'the second long password';
const SET = 'the third long password';

describe.skipIf(executable === null)('passwords and sessions', () => {
  let studio: StudioInBrowser;
  let admin: Page;
  let grace: Page;
  /** Another browser of the same person. */
  let second: Page;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    studio = await openStudio(executable ?? '', { REGISTRATION: 'invite', GPU_PROFILE: 'tiny' });
    admin = studio.page;
    grace = await openBrowser();
    second = await openBrowser();
  });
  afterAll(() => studio?.stop());

  async function openBrowser(): Promise<Page> {
    const context = await studio.browser.newContext({
      baseURL: studio.product.publicUrl,
      viewport: { width: 1440, height: 900 },
    });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => studio.faults.push(`${page.url()}: ${error.message}`));
    return page;
  }
  async function signIn(page: Page, password: string): Promise<void> {
    await page.goto('/sign-in');
    await page.getByLabel('E-mail').fill('grace@example.test');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }
  const form = () => grace.getByRole('form', { name: 'Change the password' });
  const sessions = (page: Page) => page.getByRole('list', { name: 'Where you are signed in' }).getByRole('listitem');
  /** What a field says of itself, as a screen reader hears it. */
  const fault = async (label: string) => {
    const field = form().getByLabel(label);
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true');
    const ids = (await field.getAttribute('aria-describedby'))?.split(' ') ?? [];
    return (await Promise.all(ids.map((id) => grace.locator(`[id="${id}"]`).textContent()))).join(' ');
  };

  it('come after a landing page that shows what the built-in model really draws', async () => {
    await grace.goto('/');
    const sample = grace.getByRole('region', { name: 'What comes of it here' });
    await sample.scrollIntoViewIfNeeded();
    await expect
      .poll(() =>
        sample
          .getByRole('presentation')
          .evaluateAll((images: HTMLImageElement[]) => images.map((one) => one.naturalWidth)),
      )
      .toEqual(Array(8).fill(128));
    await capture(grace, 'landing-sample');
  });

  it('lets in who was invited', async () => {
    await admin.goto('/admin');
    await admin.getByRole('button', { name: 'Create invitation' }).click();
    const code = (await admin.getByRole('main').locator('code').first().textContent()) ?? '';
    await grace.goto('/sign-up');
    await grace.getByLabel('Your name').fill('Grace');
    await grace.getByLabel('E-mail').fill('grace@example.test');
    await grace.getByLabel('Password').fill(OLD);
    await grace.getByLabel('Invitation code').fill(code);
    await capture(grace, 'sign-up-invite');
    await grace.getByRole('button', { name: 'Create account' }).click();
    await grace.waitForURL('**/home');
  });

  it('loses nothing of what is typed and sent before the page is alive', async () => {
    const letScriptsGo = await holdScripts(second);
    await second.goto('/sign-in', { waitUntil: 'commit' });
    await second.getByLabel('E-mail').fill('grace@example.test');
    await second.getByLabel('Password').fill('not the old password');
    // A browser would send the form to the page itself, which would come again without what was typed.
    const sent: string[] = [];
    second.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
    await second.getByLabel('Password').press('Enter');
    await second.getByRole('button', { name: 'Sign in' }).click({ force: true });
    await letScriptsGo();
    await second.getByRole('button', { name: 'Sign in' }).click();
    await second.getByText('E-mail or password is wrong.').waitFor();
    expect(await second.getByLabel('E-mail').inputValue()).toBe('grace@example.test');
    expect(sent).not.toContain('POST /sign-in');
    expect(sent).toContain('POST /auth/sign-in');
  });

  it('say that a form needs scripts where there are none', async () => {
    const context = await studio.browser.newContext({ baseURL: studio.product.publicUrl, javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto('/sign-in');
    // Searches by text leave this element out.
    const notice = page.locator('form noscript div').first();
    await notice.waitFor();
    expect(await notice.textContent()).toContain('This form needs JavaScript');
    expect(await page.getByRole('button', { name: 'Sign in' }).isDisabled()).toBe(true);
    await context.close();
  });

  it('says at its field what is wrong with the old password, and with the new one', async () => {
    await grace.goto('/settings');
    await form().getByLabel('Current password').fill('not the old password');
    await form().getByLabel('New password').fill(CHANGED);
    await form().getByRole('button').click();
    expect(await fault('Current password')).toMatch(/wrong|not/i);
    await capture(grace, 'settings-wrong-password');
    await form().getByLabel('Current password').fill(OLD);
    await form().getByLabel('New password').fill('passwordpassword');
    await form().getByRole('button').click();
    expect(await fault('New password')).not.toBe('');
    // Nothing has changed.
    await signIn(second, OLD);
    await second.waitForURL('**/home');
  });

  it('changes the password: the other browser is signed out, this one goes on', async () => {
    await grace.reload();
    await expect.poll(() => sessions(grace).count()).toBe(2);
    await capture(grace, 'settings-sessions');
    await form().getByLabel('Current password').fill(OLD);
    await form().getByLabel('New password').fill(CHANGED);
    await form().getByRole('button').click();
    await form().getByText('Every other browser is signed out').waitFor();
    await expect.poll(() => sessions(grace).count()).toBe(1);
    // What was typed is gone from the page.
    expect(await form().getByLabel('Current password').inputValue()).toBe('');
    await grace.goto('/home');
    await grace.getByRole('heading', { level: 1 }).waitFor();
    expect(new URL(grace.url()).pathname).toBe('/home');
    await second.goto('/home');
    await second.waitForURL(/\/sign-in/);
    await signIn(second, OLD);
    await second.getByText('E-mail or password is wrong.').waitFor();
    await signIn(second, CHANGED);
    await second.waitForURL('**/home');
  });

  it('ends a session from the list, one or all the others', async () => {
    const third = await openBrowser();
    await signIn(third, CHANGED);
    await third.waitForURL('**/home');
    await grace.goto('/settings');
    await expect.poll(() => sessions(grace).count()).toBe(3);
    const own = sessions(grace).filter({ hasText: 'This browser' });
    expect(await own.count()).toBe(1);
    expect(await own.getByRole('button').count()).toBe(0);
    await sessions(grace)
      .getByRole('button', { name: /^Sign out of/ })
      .first()
      .click();
    await expect.poll(() => sessions(grace).count()).toBe(2);
    await grace.getByRole('button', { name: 'Sign out everywhere else' }).click();
    await expect.poll(() => sessions(grace).count()).toBe(1);
    for (const page of [second, third]) {
      await page.goto('/home');
      await page.waitForURL(/\/sign-in/);
    }
  });

  it('lets an administrator make a link, by which a member sets a new password once', async () => {
    await admin.goto('/admin');
    const person = admin.getByRole('listitem', { name: 'Grace' });
    await person.getByRole('button', { name: 'Member' }).click();
    await admin.getByRole('menuitem', { name: /password link/i }).click();
    const link = (await person.getByText('/set-password#token=').textContent()) ?? '';
    await capture(admin, 'admin-password-link');
    await second.goto(link);
    await second.getByLabel('Password').fill(SET);
    await second.getByRole('button', { name: 'Set the password' }).click();
    await second.waitForURL('**/home');
    // The token is in no address any more, and works no second time.
    expect(second.url()).not.toContain('token');
    await grace.goto('/home');
    await grace.waitForURL(/\/sign-in/);
    await grace.goto(link);
    await grace.getByLabel('Password').fill('the fourth long password');
    await grace.getByRole('button', { name: 'Set the password' }).click();
    await grace.getByRole('main').getByRole('alert').first().waitFor();
    await signIn(grace, SET);
    await grace.waitForURL('**/home');
  });

  it('lets an administrator sign a member out of every browser, and of none before it was confirmed', async () => {
    await admin.goto('/admin');
    const person = admin.getByRole('listitem', { name: 'Grace' });
    const ask = async (answer: string) => {
      await person.getByRole('button', { name: 'Member' }).click();
      await admin.getByRole('menuitem', { name: 'Sign out everywhere' }).click();
      const question = admin.getByRole('alertdialog').or(admin.getByRole('dialog'));
      await question.getByRole('button', { name: answer }).click();
    };
    await ask('Leave them signed in');
    await grace.goto('/home');
    await grace.getByRole('heading', { level: 1 }).waitFor();
    expect(new URL(grace.url()).pathname).toBe('/home');
    await ask('Sign out everywhere');
    await person.getByText('Grace was signed out of 2 browsers.').waitFor();
    for (const page of [grace, second]) {
      await page.goto('/home');
      await page.waitForURL(/\/sign-in/);
    }
    await signIn(grace, SET);
    await grace.waitForURL('**/home');
  });

  it('raised no error', () => {
    expect(studio.faults).toEqual([]);
  });
});
