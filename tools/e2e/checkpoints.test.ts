/** The checkpoints of a model by hand, in Chromium: what is suggested and why, choosing another one, its file. */
import { LIMITS, newId, resolveTrainSettings } from '@pixgen/domain';
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
    studio = await openStudio(executable ?? '', { REGISTRATION: 'closed' });
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

  it('are of an installation that takes nobody new, and says so', async () => {
    const context = await studio.browser.newContext({ baseURL: studio.product.publicUrl });
    const visitor = await context.newPage();
    await visitor.goto('/sign-up');
    await visitor.getByText('Registration is closed').waitFor();
    expect(await visitor.getByRole('textbox').count()).toBe(0);
    await capture(visitor, 'sign-up-closed');
    await context.close();
  });

  it('are of a model among many: lists lead on to what is older, with scripts and without', async () => {
    const many = LIMITS.page.default + 2;
    await seedOthers(studio, many);
    const context = await studio.browser.newContext({
      baseURL: studio.product.publicUrl,
      javaScriptEnabled: false,
      storageState: await studio.context.storageState(),
    });
    const bare = await context.newPage();
    for (const [path, list, more] of [
      ['/models', 'Models', 'Show more'],
      ['/activity', 'Jobs', 'Show older'],
      ['/activity?state=failed', 'Jobs', 'Show older'],
    ] as const) {
      const links = (on: Page) => on.getByRole('main').getByRole('list', { name: list }).getByRole('link');
      const seen = async (on: Page) => links(on).evaluateAll((all) => all.map((one) => one.getAttribute('href')));
      await bare.goto(path);
      const first = await seen(bare);
      expect([path, first.length]).toEqual([path, LIMITS.page.default]);
      expect(await bare.getByRole('button', { name: more }).count()).toBe(0);
      await bare.getByRole('link', { name: more }).click();
      await bare.waitForURL(/before=/);
      const second = await seen(bare);
      expect([path, second.length]).toEqual([path, path.includes('failed') ? 2 : 3]);
      expect(new Set([...first, ...second]).size).toBe(first.length + second.length);
      expect(await bare.getByRole('link', { name: more }).count()).toBe(0);
      // With scripts the same list grows.
      await page.goto(path);
      const button = page.getByRole('button', { name: more });
      await expect
        .poll(() => button.evaluate((one) => Object.keys(one).some((key) => key.startsWith('__reactProps'))))
        .toBe(true);
      await button.click();
      await expect.poll(() => seen(page)).toEqual([...first, ...second]);
    }
    await context.close();
  });

  it('are of an owner whose failed jobs an administrator runs again together', async () => {
    await page.goto('/admin');
    const dead = page.getByRole('list', { name: 'Jobs that ended badly' });
    await dead.getByRole('listitem').nth(2).waitFor();
    expect(await dead.getByText('of Ada.').count()).toBe(3);
    const retry = page.getByRole('button', { name: /^Retry \d jobs?$/ });
    expect(await retry.isDisabled()).toBe(true);
    await dead.getByRole('checkbox').nth(1).check();
    await page.getByRole('button', { name: 'Retry 1 job', exact: true }).waitFor();
    await page.getByLabel('Choose all 3 of these').check();
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url().includes('deadLetters.retry')),
      page.getByRole('button', { name: 'Retry 3 jobs' }).click(),
    ]);
    const [{ result }] = (await answer.json()) as [{ result: { data: { items: { id: string }[] } } }];
    expect(new Set(result.data.items.map(({ id }) => id)).size).toBe(3);
    // What was chosen is chosen no longer.
    await expect.poll(() => page.getByRole('checkbox', { checked: true }).count()).toBe(0);
  });

  it('are readable by everybody, on every screen, in both themes', async () => {
    await page.goto(`/models/${modelId}`);
    await page.locator('.uplot canvas').waitFor();
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

/** Models whose training failed. */
async function seedOthers({ product, userId }: StudioInBrowser, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: product.stores.DATABASE_URL });
  await client.connect();
  const settings = resolveTrainSettings({
    profile: 'nano',
    preset: 'fast',
    photoCount: 5,
    isPerson: false,
    seed: 1,
    overrides: {},
  });
  const rows = Array.from({ length: count }, (_, at) => ({ at, model: newId(), training: newId(), job: newId() }));
  try {
    await client.query('BEGIN');
    for (const { at, model, training, job } of rows) {
      await client.query(
        `INSERT INTO "Model" (id, "userId", name, "classWord", "triggerWord", state) VALUES ($1, $2, $3, 'dog', $4, 'failed')`,
        [model, userId, `Dog ${at}`, `sks_${at}`],
      );
      await client.query(
        `INSERT INTO "Training" (id, "userId", "modelId", profile, preset, settings, "photoIds") VALUES ($1, $2, $3, 'nano', 'fast', $4, '{}')`,
        [training, userId, model, JSON.stringify(settings)],
      );
      await client.query(
        `INSERT INTO "Job" (id, "userId", kind, "trainingId", "modelId", state, "deadlineAt", "startedAt", "endedAt", "failureCode")
         VALUES ($1, $2, 'train', $3, $4, 'failed', now(), now(), now(), 'GPU_INTERNAL')`,
        [job, userId, training, model],
      );
    }
    // As the worker writes it for jobs that ended badly.
    for (const { job } of rows.slice(0, 3)) await client.query('INSERT INTO "DeadLetter" ("jobId") VALUES ($1)', [job]);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
