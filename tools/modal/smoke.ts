/**
 * `pnpm modal:smoke`: one model trained and one picture drawn through a running PixGen whose GPUs are at Modal, by a
 * person with an account. Says what it may cost and asks before it spends.
 */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createPixgenClient } from '@pixgen/trpc/client';
import { awaitGeneration, createModel, type Progress, trainModel } from '../demo/main-job.ts';
import { samplePhotos } from '../demo/photos.ts';
import { describeError, PlainError } from '../stack/plain-error.ts';
import type { Environment } from '../stack/process.ts';
import { checkToken, lists, type Modal, modalProgram, ownEnvironment, requireToken } from './account.ts';
import { type GpuPrices, readGpuPrices, stalePrices } from './prices.ts';

const USAGE = `pnpm modal:smoke [--yes]
  --yes    spend without asking
  --help   this text
Needs MODAL_TOKEN_ID and MODAL_TOKEN_SECRET, a deployed app (pnpm modal:deploy), and a running PixGen with
GPU_BACKEND=modal: PIXGEN_API_URL is its API (default GPU_API_URL), PIXGEN_API_KEY a key of an account with budget.`;

/** What one run is assumed to take, with a cold start of each class; never measured at Modal. */
const ASSUMED_S = { Trainer: 10 * 60, Generator: 4 * 60 };
/** `timeout` plus `scaledown_window` in `gpu/modal_app.py`, plus the longest start. */
const LIMIT_S = { Trainer: 3600 + 60 + 1200, Generator: 1800 + 120 + 1200 };

/** Micro-dollars for the dearest GPU of each class's list. */
export function estimate(prices: GpuPrices): { expectedMicroUsd: number; atMostMicroUsd: number } {
  const dearest = Math.max(
    ...['H100', 'A100-80GB', 'A100-40GB', 'L40S', 'A10'].map((gpu) => prices.microUsdPerSecond[gpu] ?? 0),
  );
  const cost = (seconds: { Trainer: number; Generator: number }) => (seconds.Trainer + seconds.Generator) * dearest;
  return { expectedMicroUsd: cost(ASSUMED_S), atMostMicroUsd: cost(LIMIT_S) };
}

/** @throws PlainError when something is missing, before anything is spent */
export async function prepare(modal: Modal, env: Environment): Promise<{ apiUrl: string; apiKey: string }> {
  await checkToken(modal);
  const app = env.MODAL_APP ?? 'pixgen-gpu';
  if (!lists(await modal(['app', 'list', '--json']), app)) {
    throw new PlainError(`Modal knows no app ${app} in this workspace: deploy it with \`pnpm modal:deploy\`.`);
  }
  const apiUrl = env.PIXGEN_API_URL ?? env.GPU_API_URL;
  const apiKey = env.PIXGEN_API_KEY;
  if (!apiUrl || !apiKey) {
    throw new PlainError(
      'PIXGEN_API_URL and PIXGEN_API_KEY name the running PixGen and an account of it: make a key under Settings → API keys.',
    );
  }
  return { apiUrl, apiKey };
}

/** @returns whether to go on; without a terminal only `--yes` does */
export async function agreed(
  question: string,
  yes: boolean,
  ask: (question: string) => Promise<string>,
): Promise<boolean> {
  if (yes) return true;
  return /^y(es)?$/i.test((await ask(question)).trim());
}

async function run(apiUrl: string, apiKey: string): Promise<void> {
  const client = createPixgenClient({ baseUrl: apiUrl, apiKey });
  const startedAt = performance.now();
  const step = async <T>(name: string, work: (onProgress: Progress) => Promise<T>): Promise<T> => {
    const stepStartedAt = performance.now();
    let shown = '';
    const result = await work((done, total, note) => {
      if (note !== shown) console.log(`            ${note} (${done}/${total})`);
      shown = note;
    });
    console.log(`${name.padEnd(12)}${((performance.now() - stepStartedAt) / 1000).toFixed(0)} s`);
    return result;
  };
  const photos = samplePhotos('robot');
  const model = await step('photos', (onProgress) =>
    createModel(client, { name: 'Modal smoke', classWord: 'toy' }, photos, onProgress),
  );
  await step('training', (onProgress) => trainModel(client, { modelId: model.id, preset: 'fast' }, onProgress));
  const generation = await step('picture', async (onProgress) => {
    const order = { modelId: model.id, prompt: '{subject} on a beach, photo', n: 1, idempotencyKey: randomUUID() };
    return awaitGeneration(client, await client.generation.start.mutate(order), onProgress);
  });
  console.log(
    `\nIt works: ${generation.images.length} picture in ${((performance.now() - startedAt) / 1000).toFixed(0)} s.`,
  );
  console.log("What it cost stands on the usage page of your Modal account; the model is in PixGen's list.");
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { yes: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return console.log(USAGE);
  const env = ownEnvironment();
  requireToken(env);
  const { apiUrl, apiKey } = await prepare(await modalProgram(env), env);
  const prices = readGpuPrices();
  const stale = stalePrices(prices, Date.now());
  if (stale) console.error(`! ${stale}`);
  const { expectedMicroUsd, atMostMicroUsd } = estimate(prices);
  console.log(
    `This trains one model and draws one picture on GPUs of your Modal account. Assumed: about $${usd(expectedMicroUsd)}; ` +
      `its time limits end it at $${usd(atMostMicroUsd)}. List prices of ${prices.readOn}, GPU alone${prices.verified ? '' : ', not verified'}.`,
  );
  if (!values.yes && !process.stdin.isTTY) throw new PlainError('Nobody to ask: start it with --yes to spend.');
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const goOn = await agreed('Spend it? [y/N] ', values.yes ?? false, (question) => lines.question(question));
  lines.close();
  if (!goOn) return console.log('Nothing was spent.');
  await run(apiUrl, apiKey);
}

function usd(microUsd: number): string {
  return (microUsd / 1e6).toFixed(2);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error: unknown) => {
    console.error(describeError(error));
    process.exit(1);
  });
}
