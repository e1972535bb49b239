import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Fails on anything serious that axe finds on the page as it stands. @param what the screen, for the message */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  // Colours on their way from one theme to the other are none that anybody reads.
  await page.waitForFunction(() => document.getAnimations().every((one) => !(one instanceof CSSTransition)));
  // `legacy` finds the same where no frame is of another origin, and needs no second page to put results together in.
  // Base UI's guards take the focus for no longer than it takes to hand it on.
  const axe = new AxeBuilder({ page })
    .setLegacyMode(true)
    .exclude('[data-base-ui-focus-guard]')
    .options({ resultTypes: ['violations'] });
  const { violations } = await axe.analyze();
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(grave.map(({ id, nodes }) => [what, id, nodes.slice(0, 3).map(({ html }) => html)])).toEqual([]);
}
