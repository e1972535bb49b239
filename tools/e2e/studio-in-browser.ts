/** The whole product with a signed-in browser, for a test of one screen. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Product, startProduct } from '../stack/product.ts';
import { launchChromium } from './browser.ts';

export type StudioInBrowser = {
  product: Product;
  browser: Browser;
  context: BrowserContext;
  page: Page;
  userId: string;
  /** What no page may have: errors of scripts, and of processes. */
  faults: string[];
  stop: () => Promise<void>;
};

/** @param simulator what the GPU does, as JSON */
export async function openStudio(executablePath: string, simulator: object = {}): Promise<StudioInBrowser> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pixgen-e2e-'));
  const faults: string[] = [];
  const ends: (() => unknown)[] = [() => rmSync(dataDir, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const product = await startProduct({
      dataDir,
      gpu: 'simulator',
      web: true,
      webPort: {},
      environment: { ...process.env, SIMULATOR_CONFIG: JSON.stringify(simulator) },
      durable: false,
      step: (_label, work) => work(() => undefined),
      onTrouble: (line) => faults.push(line),
    });
    ends.push(() => product.stop());
    const browser = await launchChromium(executablePath);
    ends.push(() => browser.close());
    const context = await browser.newContext({ baseURL: product.publicUrl, viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        faults.push(`${page.url()}: ${message.text()}`);
    });
    await page.goto(product.setupLink ?? '/missing');
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel('E-mail').fill('ada@example.test');
    await page.getByLabel('Password').fill('a long enough password');
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.waitForURL('**/home');
    const userId = await findUser(product.stores.DATABASE_URL ?? '');
    return { product, browser, context, page, userId, faults, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function findUser(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>('SELECT id FROM "User"');
    if (!rows[0]) throw new Error('nobody signed up');
    return rows[0].id;
  } finally {
    await client.end();
  }
}
