import type { Page } from 'playwright-core';

export const SCRIPTS = /\/_next\/static\/.*\.js/;

/** From now on the page gets none of its scripts. @returns lets them through, and waits until the page is loaded */
export async function holdScripts(page: Page): Promise<() => Promise<void>> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await page.route(SCRIPTS, async (route) => {
    await released;
    await route.continue();
  });
  return async () => {
    release();
    await page.waitForLoadState();
    await page.unroute(SCRIPTS);
  };
}
