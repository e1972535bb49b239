import type { Page } from 'playwright-core';
import { drawUploads } from './files.ts';

/** A draft that lacks nothing but its training, made by hand. Leaves the page at its photos. */
export async function makeDraft(page: Page, name: string): Promise<void> {
  await page.goto('/train');
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('What is it?').fill('dog');
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Continue to photos' }).click();
  await page.waitForURL('**/photos');
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles((await drawUploads()).good);
  await page.locator('[data-state=done]').nth(4).waitFor();
}
