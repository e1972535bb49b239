/** The checkpoints of a model by hand, in Chromium: what is suggested and why, choosing another one, its file. */
import { newId, resolveTrainSettings } from '@pixgen/domain';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './browser.ts';
import { capture } from './capture.ts';
import { openStudio, type StudioInBrowser } from './studio-in-browser.ts';

const executable = findChromium();
const CURVE = [
  [20, 0.31],
  [40, 0.64],
  [60, 0.82],
  [80, 0.83],
  [100, 0.79],
] as const;

describe.skipIf(executable === null)('the checkpoints of a model in a browser', () => {
  let studio: StudioInBrowser;
  let page: Page;
  let modelId: string;

  beforeAll(async () => {
    studio = await openStudio(executable ?? '');
    page = studio.page;
    modelId = await seedModel(studio);
  });
  afterAll(() => studio?.stop());

  const row = (step: number) => page.getByRole('row', { name: new RegExp(`^${step} `) });
  const inUse = () => page.getByRole('row').filter({ hasText: 'in use' }).getByRole('rowheader').textContent();

  it('are a curve and a table, with one suggested and the reason in words', async () => {
    await page.goto(`/models/${modelId}`);
    await page.getByText('Suggested: step 60').waitFor();
    await page.getByText('82 % as like your photos').waitFor();
    await page.locator('.uplot canvas').waitFor();
    expect(
      await page
        .getByRole('table', { name: /Checkpoints/ })
        .getByRole('row')
        .count(),
    ).toBe(CURVE.length + 1);
    expect(await row(40).textContent()).toContain('64 %');
    expect(await inUse()).toContain('100');
  });

  it('are used as the person chooses, which a reload keeps', async () => {
    await page.getByRole('button', { name: 'Use step 60' }).first().click();
    await row(60).getByText('in use').waitFor();
    await row(100).getByRole('button', { name: 'Use step 100' }).waitFor();
    await page.reload();
    await row(60).getByText('in use').waitFor();
    expect(await page.getByRole('row').filter({ hasText: 'in use' }).count()).toBe(1);
  });

  it('are readable by everybody, on every screen, in both themes', async () => {
    await capture(page, 'checkpoints');
    expect(studio.faults).toEqual([]);
  });
});

/** A model whose training has succeeded with the curve above, written straight into the database. */
async function seedModel({ product, userId }: StudioInBrowser): Promise<string> {
  const client = new pg.Client({ connectionString: product.stores.DATABASE_URL });
  await client.connect();
  const [modelId, trainingId, jobId] = [newId(), newId(), newId()];
  const choice = { profile: 'nano', preset: 'balanced', photoCount: 10, isPerson: false, seed: 1 } as const;
  const settings = resolveTrainSettings({ ...choice, overrides: { steps: 100 } });
  try {
    await client.query(
      `INSERT INTO "Model" (id, "userId", name, "classWord", "triggerWord", state) VALUES ($1, $2, 'Biscuit', 'dog', $3, 'ready')`,
      [modelId, userId, `sks_${modelId.slice(-6)}`],
    );
    await client.query(
      `INSERT INTO "Training" (id, "userId", "modelId", profile, preset, settings, "photoIds") VALUES ($1, $2, $3, 'nano', 'balanced', $4, '{}')`,
      [trainingId, userId, modelId, JSON.stringify(settings)],
    );
    await client.query(
      `INSERT INTO "Job" (id, "userId", kind, "trainingId", "modelId", state, "deadlineAt", "startedAt", "endedAt")
       VALUES ($1, $2, 'train', $3, $4, 'succeeded', now(), now(), now())`,
      [jobId, userId, trainingId, modelId],
    );
    for (const [step, likeness] of CURVE) {
      await client.query(
        `INSERT INTO "Weights" (id, "userId", "modelId", "trainingId", "jobId", step, final, likeness, "storageKey", "sizeBytes", sha256, profile)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 93000000, 'x', 'nano')`,
        [newId(), userId, modelId, trainingId, jobId, step, step === 100, likeness, `o/${jobId}-${step}`],
      );
    }
    return modelId;
  } finally {
    await client.end();
  }
}
