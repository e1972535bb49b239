/**
 * A signed-in person opens a page of somebody else, in a real browser. The page tries to act in their name, to read, to show
 * and to take what is theirs: from another site, and from another port of the same host, where browsers send the cookie
 * along. Behind a proxy that takes one protection away the same attempts work.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './browser.ts';
import { seedImages } from './seed-images.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';
import { type Protection, type Weakened, weaken } from './weakened.ts';

const executable = findChromium();
const EMAIL = 'ada@example.test';

describe.skipIf(executable === null)('a hostile page', () => {
  let studio: StudioInBrowser;
  let database: pg.Pool;
  let hostile: Server;
  let imageId = '';
  /** Origins of the page: another site, and the same host. */
  let origins: { crossSite: string; sameSite: string };
  const proxies: Weakened[] = [];

  beforeAll(async () => {
    studio = await openStudio(executable ?? '');
    await seedImages(studio.product.stores, { userId: studio.userId, count: 3 });
    database = new pg.Pool({ connectionString: studio.product.stores.DATABASE_URL ?? '', max: 1 });
    const { rows } = await database.query<{ id: string }>('SELECT id FROM "Image" LIMIT 1');
    imageId = rows[0]?.id ?? '';
    hostile = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>hostile</title><h1>Free cats</h1>');
    });
    hostile.listen(0);
    await once(hostile, 'listening');
    const { port } = hostile.address() as AddressInfo;
    const victim = new URL(studio.product.publicUrl);
    expect(victim.hostname).toBe('localhost');
    origins = { crossSite: `http://127.0.0.1:${port}`, sameSite: `http://localhost:${port}` };
  });
  afterAll(async () => {
    for (const proxy of proxies) await proxy.close();
    hostile?.close();
    hostile?.closeAllConnections();
    await database?.end();
    await studio?.stop();
  });

  const count = async (query: string) => Number((await database.query(query)).rows[0].count);
  const models = () => count('SELECT count(*) FROM "Model"');
  const livingSessions = () => count('SELECT count(*) FROM "Session" WHERE "revokedAt" IS NULL');

  /** Runs in a page of the hostile origin, in the person's own browser. */
  async function from<T>(origin: string, attack: (page: Page) => Promise<T>): Promise<T> {
    const page = await studio.context.newPage();
    try {
      await page.goto(origin);
      return await attack(page);
    } finally {
      await page.close();
    }
  }

  type Attack = { without: readonly Protection[]; works: (page: Page, victim: string) => Promise<boolean> };
  const ATTACKS: Record<string, Attack> = {
    'make a model with a form that is sent as text': {
      without: ['origin', 'content-type'],
      async works(page, victim) {
        const before = await models();
        await page.evaluate(
          ({ url, body }) => {
            const form = document.createElement('form');
            form.method = 'POST';
            form.action = url;
            form.enctype = 'text/plain';
            const field = document.createElement('input');
            // text/plain writes name=value: the sign ends up inside a string.
            const at = body.lastIndexOf('=');
            field.name = body.slice(0, at);
            field.value = body.slice(at + 1);
            form.append(field);
            document.body.append(form);
            form.submit();
          },
          { url: `${victim}/trpc/models.create`, body: '{"classWord":"dog","name":"forged="}' },
        );
        await page.waitForURL(`${victim}/**`);
        return (await models()) > before;
      },
    },
    'make a model with a call that browsers send unasked': {
      without: ['origin', 'content-type'],
      async works(page, victim) {
        const before = await models();
        await page.evaluate(async (url) => {
          const body = '{"name":"forged","classWord":"dog"}';
          await fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body }).catch(() => null);
        }, `${victim}/trpc/models.create`);
        return (await models()) > before;
      },
    },
    'make a model with JSON': {
      without: ['origin', 'cors'],
      async works(page, victim) {
        const before = await models();
        await page.evaluate(async (url) => {
          const body = '{"name":"forged","classWord":"dog"}';
          const headers = { 'content-type': 'application/json' };
          await fetch(url, { method: 'POST', credentials: 'include', headers, body }).catch(() => null);
        }, `${victim}/trpc/models.create`);
        return (await models()) > before;
      },
    },
    'read who is signed in': {
      without: ['origin', 'cors'],
      works: (page, victim) =>
        page.evaluate(
          ([url = '', word = '']) =>
            fetch(url, { credentials: 'include' })
              .then((answer) => answer.text())
              .then(
                (text) => text.includes(word),
                () => false,
              ),
          [`${victim}/trpc/account.me`, EMAIL],
        ),
    },
    'listen to the live stream': {
      without: ['origin', 'cors'],
      works: (page, victim) =>
        page.evaluate(
          (url) =>
            new Promise<boolean>((resolve) => {
              const stream = new EventSource(url, { withCredentials: true });
              stream.onmessage = () => resolve(true);
              stream.onerror = () => resolve(false);
            }),
          `${victim}/trpc/jobs.live?input=%7B%7D`,
        ),
    },
    'show a picture of theirs': {
      without: ['origin', 'embedding'],
      works: (page, victim) =>
        page.evaluate(
          (url) =>
            new Promise<boolean>((resolve) => {
              const image = new Image();
              image.onload = () => resolve(image.naturalWidth > 0);
              image.onerror = () => resolve(false);
              image.src = url;
            }),
          `${victim}/i/${imageId}?w=256`,
        ),
    },
    'put the settings into a frame': {
      without: ['framing'],
      async works(page, victim) {
        await page.evaluate(
          (url) =>
            new Promise<void>((resolve) => {
              const frame = document.createElement('iframe');
              frame.onload = () => resolve();
              frame.src = url;
              document.body.append(frame);
            }),
          `${victim}/settings`,
        );
        return page.frames().some((frame) => frame !== page.mainFrame() && frame.url().startsWith(victim));
      },
    },
    'keep hold of a window of theirs': {
      without: ['opener'],
      async works(page, victim) {
        const opened = page.waitForEvent('popup');
        await page.evaluate((url) => {
          (globalThis as { held?: Window | null }).held = window.open(url);
        }, `${victim}/settings`);
        const popup = await opened;
        await popup.waitForURL(`${victim}/settings`);
        const isHeld = await page.evaluate(() => (globalThis as { held?: Window | null }).held?.closed === false);
        await popup.close();
        return isHeld;
      },
    },
  };

  it.each(Object.entries(ATTACKS))('cannot %s, from another site or another port', async (_, { works }) => {
    for (const origin of Object.values(origins)) {
      expect([origin, await from(origin, (page) => works(page, studio.product.publicUrl))]).toEqual([origin, false]);
    }
  });

  // Which shows that each protection is what holds it off.
  it.each(Object.entries(ATTACKS))('could %s if that protection were not there', async (_, { without, works }) => {
    const proxy = await weaken(studio.product.publicUrl, without);
    proxies.push(proxy);
    expect(await from(origins.sameSite, (page) => works(page, proxy.url))).toBe(true);
    // Two protections may stand before one thing: each alone is enough.
    for (const one of without.length > 1 ? without : []) {
      const other = await weaken(studio.product.publicUrl, [one]);
      proxies.push(other);
      expect([one, await from(origins.sameSite, (page) => works(page, other.url))]).toEqual([one, false]);
    }
  });

  it('cannot read the cookie, which it could if scripts might', async () => {
    const read = () => from(origins.sameSite, (page) => page.evaluate(() => document.cookie));
    expect(await read()).not.toContain('pixgen_session');
    const [cookie] = (await studio.context.cookies()).filter(({ name }) => name.endsWith('pixgen_session'));
    if (!cookie) throw new Error('nobody is signed in');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' });
    await studio.context.addCookies([{ ...cookie, httpOnly: false }]);
    expect(await read()).toContain('pixgen_session');
    await studio.context.addCookies([cookie]);
  });

  it('cannot sign the person in as somebody else, nor out', async () => {
    const before = await livingSessions();
    const foreign = { email: 'eve@example.test', password: 'a long password of Eve', displayName: 'Eve' };
    for (const origin of Object.values(origins)) {
      await from(origin, (page) =>
        page.evaluate(
          async ([url, body]) => {
            for (const path of ['sign-up', 'sign-in', 'sign-out']) {
              await fetch(`${url}/auth/${path}`, {
                method: 'POST',
                mode: 'no-cors',
                credentials: 'include',
                body,
              }).catch(() => null);
            }
          },
          [studio.product.publicUrl, JSON.stringify(foreign)] as const,
        ),
      );
    }
    expect(await livingSessions()).toBe(before);
    await studio.page.goto('/settings');
    await studio.page.getByText(EMAIL).first().waitFor();
    const proxy = await weaken(studio.product.publicUrl, ['origin']);
    proxies.push(proxy);
    await from(origins.sameSite, (page) =>
      page.evaluate(
        // The answer is kept from the page in any case.
        (url) => fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include' }).then(String, String),
        `${proxy.url}/auth/sign-out`,
      ),
    );
    expect(await livingSessions()).toBe(before - 1);
  });
});
