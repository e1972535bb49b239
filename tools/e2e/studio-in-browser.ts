/** The whole product with a signed-in browser, for a test of one screen. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { SimulatorConfigInput } from '../gpu-simulator/faults.ts';
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
  /** Changes what the simulated GPU does. */
  controlGpu: (change: SimulatorConfigInput) => Promise<void>;
  stop: () => Promise<void>;
};

/**
 * @param environment settings of the installation, beside those of the process
 * @param beforeAnybody what to look at while nobody has an account yet; the page is that of the set-up link
 */
export async function openStudio(
  executablePath: string,
  environment: Readonly<Record<string, string>> = {},
  beforeAnybody?: (page: Page, product: Product) => Promise<void>,
): Promise<StudioInBrowser> {
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
      environment: { GPU_PROFILE: 'nano', ...process.env, ...environment },
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
    await beforeAnybody?.(page, product);
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel('E-mail').fill('ada@example.test');
    await page.getByLabel('Password').fill('a long enough password');
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.waitForURL('**/home');
    const userId = await findUser(product.stores.DATABASE_URL ?? '');
    const { gpuServerSecret } = JSON.parse(readFileSync(join(dataDir, 'secrets.json'), 'utf8'));
    const controlGpu = async (change: SimulatorConfigInput) => {
      const headers = { authorization: `Bearer ${gpuServerSecret}`, 'content-type': 'application/json' };
      const answer = await fetch(`${product.gpuUrl}/control`, {
        method: 'POST',
        headers,
        body: JSON.stringify(change),
      });
      if (!answer.ok) throw new Error(`the simulator answered ${answer.status}`);
    };
    return { product, browser, context, page, userId, faults, controlGpu, stop };
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
